#include "services/customer/age_job.h"

#include <gtest/gtest.h>

#include "services/customer/archive_test_fixture.h"

namespace crm::customer {
namespace {

class AgeJobTest : public ArchiveTest {
 protected:
  absl::CivilDay Today() { return archive_.DayOf(harness_.clock().Now()); }
  absl::StatusOr<int64_t> Run(absl::CivilDay last) {
    return job_.Run(last, harness_.clock().Now(), {});
  }
  // The body asks once a day; `replica` must not have been asked before by this test.
  void RunBody(const std::string& replica) {
    const auto due = job_.Body(replica)({});
    ASSERT_TRUE(due.ok()) << due.status();
  }
  v1::Customer Born(const std::string& phone, const std::string& birthday) {
    v1::Customer person = Person("张三丰", phone);
    person.set_birthday(birthday);
    return Create(person);
  }
  // A new day, on which whoever held the lease does no longer.
  void NextDay() { harness_.clock().Advance(absl::Hours(24)); }

  const AgeJob job_{archive_, runtime().pool(), runtime().committer()};
};

// CUS-2, CUS-11: an age follows the birthday, by the system; one that was told stays with its date.
TEST_F(AgeJobTest, PeopleGrowOlderOnTheirBirthday) {
  const v1::Customer born = Born("13800000001", "1990-03-22");
  v1::Customer told = Person("李秀英", "13800000002");
  told.set_age(40);
  told = Create(told);
  const absl::CivilDay start = Today();
  EXPECT_EQ(*Run(start - 1), 0);
  harness_.clock().Advance(absl::Hours(48));
  EXPECT_EQ(*Run(start), 1);
  EXPECT_EQ(*Run(start), 0);
  EXPECT_EQ(Cell(born, "age"), 36);
  EXPECT_EQ(Cell(born, "last_editor = 'system'"), 1);
  EXPECT_EQ(Cell(told, "age"), 40);
  EXPECT_EQ(Cell(told, "age_as_of = '2026-03-20'"), 1);
  EXPECT_EQ(Count("history WHERE via = 'age-job'"), 1);
}

// CUS-2: only those are looked at whose birthday it is.
TEST_F(AgeJobTest, ReadsThoseWhoseBirthdayItIs) {
  const v1::Customer other = Born("13800000001", "1990-03-23");
  const v1::Customer born = Born("13800000002", "1990-03-22");
  harness_.database().Run("UPDATE customer SET age = 7, version = version + 1");
  harness_.clock().Advance(absl::Hours(48));
  EXPECT_EQ(*Run(Today() - 1), 1);
  EXPECT_EQ(Cell(born, "age"), 36);
  EXPECT_EQ(Cell(other, "age"), 7);
  EXPECT_EQ(*Run(absl::CivilDay(1970, 1, 1)), 1) << "after a year's pause everybody";
  EXPECT_EQ(Cell(other, "age"), 35);
}

// CUS-2: a birthday that ends in the same digits is another day.
TEST_F(AgeJobTest, JanuaryIsNotNovember) {
  const v1::Customer january = Born("13800000001", "1990-01-03");
  harness_.clock().Advance(absl::FromCivil(absl::CivilDay(2026, 11, 3), archive_.zone) +
                           absl::Hours(9) - harness_.clock().Now());
  EXPECT_EQ(*Run(Today() - 1), 0);
  EXPECT_EQ(Cell(january, "age"), 36);
}

// CUS-2: whoever was born on a leap day is older on the 1st of March of other years.
TEST_F(AgeJobTest, LeapDays) {
  const v1::Customer leap = Born("13800000001", "1992-02-29");
  EXPECT_EQ(Cell(leap, "age"), 34);
  const auto on = [&](absl::CivilDay day) {
    harness_.clock().Advance(absl::FromCivil(day, archive_.zone) + absl::Hours(9) -
                             harness_.clock().Now());
    EXPECT_TRUE(Run(day - 1).ok());
    return Cell(leap, "age");
  };
  EXPECT_EQ(on(absl::CivilDay(2027, 2, 28)), 34);
  EXPECT_EQ(on(absl::CivilDay(2027, 3, 1)), 35);
  EXPECT_EQ(on(absl::CivilDay(2028, 2, 29)), 36);
}

// CUS-2, PLT-22: once a day over all replicas, and days on which none was up are made up for.
TEST_F(AgeJobTest, RunsOnceADayOverAllReplicas) {
  const v1::Customer born = Born("13800000001", "1990-03-22");
  RunBody("a");
  NextDay();
  RunBody("b");
  harness_.database().Run("UPDATE customer SET age = 7, version = version + 1");
  harness_.clock().Advance(absl::Hours(1));
  RunBody("c");
  EXPECT_EQ(Cell(born, "age"), 7) << "b has done this day";
  NextDay();
  NextDay();
  RunBody("c");
  EXPECT_EQ(Cell(born, "age"), 36) << "the 22nd was missed";
}

// CUS-2
TEST_F(AgeJobTest, IsDueWhenTheBusinessDayBegins) {
  const absl::Time due = job_.NextDue(harness_.clock().Now());
  EXPECT_EQ(absl::ToCivilSecond(due, archive_.zone), absl::CivilSecond(Today() + 1));
}

}  // namespace
}  // namespace crm::customer
