#include "services/customer/activity_job.h"

#include <thread>

#include "services/customer/activity_test_fixture.h"

namespace crm::customer {
namespace {

class ActivityJobTest : public ActivityTest {
 protected:
  runtime::ServiceRuntime& runtime() { return harness_.replica().runtime(); }

  absl::StatusOr<int64_t> Run() { return job_.Run(Now(), {}); }
  v1::Level LevelOf(const v1::Customer& customer) {
    return GetCustomer(customer.number()).activity_level();
  }

  numbering::CurrentNumbers numbers_{
      {.name = "customer",
       .pattern = *numbering::NumberPattern::Parse("CRM{yyyy}{seq:6}"),
       .zone = runtime().zone()},
      runtime().pool()};
  Archive archive_{runtime().clock(), runtime().ids(), runtime().keyring(), numbers_,
                   runtime().zone()};
  ActivityArchive activity_{archive_, runtime().pool()};
  const ActivityJob job_{activity_, runtime().pool(), runtime().committer()};
};

// CUS-5: time lowers the level, a day at a time, and only when it is due.
TEST_F(ActivityJobTest, LowersLevelsAsDaysPass) {
  const v1::Customer quiet = Person("王建国", "13800138001");
  const v1::Customer busy = Person("李秀英", "13800138002");
  ASSERT_TRUE(Record(Visit(quiet.number(), Now())).ok());
  ASSERT_TRUE(Record(Order(busy.number(), "A-1", Now(), "1")).ok());
  EXPECT_EQ(LevelOf(quiet), v1::LEVEL_HIGH);
  EXPECT_EQ(LevelOf(busy), v1::LEVEL_HIGH);
  EXPECT_EQ(*Run(), 0);

  harness_.clock().Advance(absl::Hours(24 * 30));
  EXPECT_EQ(*job_.Run(Now(), {}), 0);  // the 30th day still counts
  EXPECT_EQ(*job_.Run(job_.NextDue(Now()), {}), 2);
  EXPECT_EQ(*job_.Run(job_.NextDue(Now()), {}), 0);
}

// CUS-5, CUS-11: by the system, with history and event.
TEST_F(ActivityJobTest, ChangesAreTheSystems) {
  const v1::Customer customer = Person("王建国", "13800138001");
  ASSERT_TRUE(Record(Visit(customer.number(), Now())).ok());
  harness_.clock().Advance(absl::Hours(24 * 200));
  ASSERT_EQ(*Run(), 1);
  EXPECT_EQ(
      harness_.database().Int("SELECT activity_level FROM customer WHERE last_editor = 'system'"),
      v1::LEVEL_LOW);
  EXPECT_EQ(Rows("history WHERE actor = 'system' AND via = 'activity-job'"), 1);
}

// PLT-22: on two replicas at once each customer is changed once.
TEST_F(ActivityJobTest, ReplicasDoNotDoItTwice) {
  std::vector<v1::Customer> customers;
  for (int i = 0; i < 12; ++i) {
    customers.push_back(Person("王建国", absl::StrCat("138001380", 10 + i)));
    ASSERT_TRUE(Record(Visit(customers.back().number(), Now())).ok());
  }
  harness_.clock().Advance(absl::Hours(24 * 31));
  absl::StatusOr<int64_t> here;
  absl::StatusOr<int64_t> there;
  std::thread other([&] { there = Run(); });
  here = Run();
  other.join();
  ASSERT_TRUE(here.ok() && there.ok()) << here.status() << there.status();
  EXPECT_EQ(*here + *there, 12);
  EXPECT_EQ(Rows("customer WHERE activity_level = 2 AND version = 3"), 12);
}

// CUS-5: other windows move levels both ways.
TEST_F(ActivityJobTest, LevelsFollowTheSettings) {
  const v1::Customer old = Person("王建国", "13800138001");
  const v1::Customer fresh = Person("李秀英", "13800138002");
  ASSERT_TRUE(Record(Visit(old.number(), Now() - absl::Hours(24 * 50))).ok());
  ASSERT_TRUE(Record(Visit(fresh.number(), Now() - absl::Hours(24 * 10))).ok());
  EXPECT_EQ(LevelOf(old), v1::LEVEL_MEDIUM);
  EXPECT_EQ(LevelOf(fresh), v1::LEVEL_HIGH);
  CustomerPolicy policy;
  policy.activity = {.high_days = 60, .medium_months = 3};
  archive_.SetPolicy(policy);
  EXPECT_EQ(*Run(), 1);
  EXPECT_EQ(LevelOf(old), v1::LEVEL_HIGH);
  policy.activity = {.high_days = 5, .medium_months = 1};
  archive_.SetPolicy(policy);
  EXPECT_EQ(*Run(), 2);
  EXPECT_EQ(LevelOf(old), v1::LEVEL_LOW);
  EXPECT_EQ(LevelOf(fresh), v1::LEVEL_MEDIUM);
  policy.activity = {};
  archive_.SetPolicy(policy);
  EXPECT_EQ(*Run(), 2);
  EXPECT_EQ(LevelOf(old), v1::LEVEL_MEDIUM);
  EXPECT_EQ(LevelOf(fresh), v1::LEVEL_HIGH);
}

// CUS-5: counts are configuration: interactions and purchases count together.
TEST_F(ActivityJobTest, CountsContactsOfBothKinds) {
  const v1::Customer busy = Person("王建国", "13800138001");
  const v1::Customer once = Person("李秀英", "13800138002");
  ASSERT_TRUE(Record(Visit(busy.number(), Now())).ok());
  ASSERT_TRUE(Record(Order(busy.number(), "A-1", Now() - absl::Hours(24 * 20), "1")).ok());
  ASSERT_TRUE(Record(Visit(once.number(), Now())).ok());
  CustomerPolicy policy;
  policy.activity = {.high_count = 2, .medium_count = 2};
  archive_.SetPolicy(policy);
  EXPECT_EQ(*Run(), 1);
  EXPECT_EQ(LevelOf(busy), v1::LEVEL_HIGH);
  EXPECT_EQ(LevelOf(once), v1::LEVEL_LOW);
  harness_.clock().Advance(absl::Hours(24 * 15));
  EXPECT_EQ(*Run(), 1);
  EXPECT_EQ(Rows("customer WHERE activity_level = 2 AND number = '" + busy.number() + "'"), 1);
}

// CUS-5, PLT-25: a job that has run rests until the day ends or the settings change.
TEST_F(ActivityJobTest, RunsAgainWhenTheSettingsChange) {
  const job::JobBody body = job_.Body();
  EXPECT_EQ(*body({}), job_.NextDue(Now()));
  const v1::Customer customer = Person("王建国", "13800138001");
  ASSERT_TRUE(Record(Visit(customer.number(), Now() - absl::Hours(24 * 10))).ok());
  CustomerPolicy policy;
  policy.activity.high_days = 5;
  archive_.SetPolicy(policy);
  EXPECT_EQ(*body({}), job_.NextDue(Now()));
  EXPECT_EQ(LevelOf(customer), v1::LEVEL_MEDIUM);
}

// CUS-5
TEST_F(ActivityJobTest, IsDueWhenTheBusinessDayBegins) {
  const absl::CivilDay today = archive_.DayOf(Now());
  EXPECT_EQ(archive_.DayOf(job_.NextDue(Now())), today + 1);
  EXPECT_EQ(absl::ToCivilSecond(job_.NextDue(Now()), archive_.zone), absl::CivilSecond(today + 1));
}

}  // namespace
}  // namespace crm::customer
