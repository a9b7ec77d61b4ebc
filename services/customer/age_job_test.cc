#include "services/customer/age_job.h"

#include <gtest/gtest.h>

#include "services/customer/people_test_fixture.h"

namespace crm::customer {
namespace {

class AgeJobTest : public PeopleTest {
 protected:
  runtime::ServiceRuntime& runtime() { return harness_.replica().runtime(); }
  absl::StatusOr<int64_t> Run() { return job_.Run(harness_.clock().Now(), {}); }

  numbering::CurrentNumbers numbers_{
      {.name = "customer",
       .pattern = *numbering::NumberPattern::Parse("CRM{yyyy}{seq:6}"),
       .zone = runtime().zone()},
      runtime().pool()};
  Archive archive_{runtime().clock(), runtime().ids(), runtime().keyring(), numbers_,
                   runtime().zone()};
  const AgeJob job_{archive_, runtime().pool(), runtime().committer()};
};

// CUS-2, CUS-11: an age follows the birthday, by the system; one that was told stays with its date.
TEST_F(AgeJobTest, PeopleGrowOlderOnTheirBirthday) {
  v1::Customer born = Person("张三丰", "13800000001");
  born.set_birthday("1990-03-22");
  born = Create(born);
  v1::Customer told = Person("李秀英", "13800000002");
  told.set_age(40);
  told = Create(told);
  EXPECT_EQ(*Run(), 0);
  harness_.clock().Advance(absl::Hours(48));
  EXPECT_EQ(*Run(), 1);
  EXPECT_EQ(*Run(), 0);
  EXPECT_EQ(harness_.database().Int("SELECT age FROM customer WHERE number = '" + born.number() +
                                    "' AND last_editor = 'system'"),
            36);
  EXPECT_EQ(harness_.database().Int("SELECT age FROM customer WHERE number = '" + told.number() +
                                    "' AND age_as_of = '2026-03-20'"),
            40);
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM history WHERE via = 'age-job'"), 1);
}

// CUS-2
TEST_F(AgeJobTest, IsDueWhenTheBusinessDayBegins) {
  const absl::Time due = job_.NextDue(harness_.clock().Now());
  EXPECT_EQ(absl::ToCivilSecond(due, archive_.zone),
            absl::CivilSecond(archive_.DayOf(harness_.clock().Now()) + 1));
}

}  // namespace
}  // namespace crm::customer
