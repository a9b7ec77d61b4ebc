// Timers on a real database, claimed by hand.
#include "services/sales/timers.h"

#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Later than what the service's own job sees.
class TimersTest : public ReminderTest {
 protected:
  absl::Status Write(const std::function<void(db::WriteSet&)>& fill) {
    db::WriteSet writes;
    fill(writes);
    return harness_.replica().runtime().committer().Commit(std::move(writes),
                                                           absl::Now() + absl::Seconds(10));
  }
  std::vector<Timer> Claim(const std::string& claimant, absl::Time now,
                           TimerKind kind = TimerKind::kOpportunity) {
    auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
    return Must(SalesTimers().ClaimDue(**db, kind, claimant, now));
  }
  std::vector<int64_t> Subjects(const std::vector<Timer>& timers) {
    std::vector<int64_t> subjects;
    for (const Timer& timer : timers) subjects.push_back(timer.subject_id);
    return subjects;
  }
  const absl::Time due_ = Now() + 100 * kDay;
};

TEST_F(TimersTest, AreClaimedOnceTheEarliestFirst) {  // SAL-10, PLT-22
  EXPECT_TRUE(Write([&](db::WriteSet& writes) {
                SetTimer(writes, {TimerKind::kOpportunity, 1, due_ + absl::Seconds(2)});
                SetTimer(writes, {TimerKind::kOpportunity, 2, due_});
                SetTimer(writes, {TimerKind::kReminder, 3, due_ + kDay});
              }).ok());
  const absl::Time now = due_ + absl::Seconds(2);
  EXPECT_THAT(Subjects(Claim("a", now)), ElementsAre(2, 1));
  EXPECT_THAT(Claim("b", now), IsEmpty());
  EXPECT_THAT(Claim("b", now, TimerKind::kReminder), IsEmpty());
  // Its replica has died.
  EXPECT_THAT(Subjects(Claim("c", now + absl::Seconds(3))), ElementsAre(2, 1));
  auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
  EXPECT_EQ(Must(SalesTimers().Next(**db, now)), due_ + kDay);
}

TEST_F(TimersTest, WhoLosesTheClaimDoesNothing) {  // SAL-10, PLT-22
  const Timer timer{TimerKind::kOpportunity, 7, due_};
  ASSERT_TRUE(Write([&](db::WriteSet& writes) { SetTimer(writes, timer); }).ok());
  const Timer first = Claim("a", due_).front();
  const Timer second = Claim("b", due_ + absl::Seconds(3)).front();
  EXPECT_FALSE(Write([&](db::WriteSet& writes) { EndTimer(writes, first); }).ok());
  EXPECT_TRUE(Write([&](db::WriteSet& writes) { PutOffTimer(writes, second, due_ + kDay); }).ok());
  EXPECT_EQ(Claim("c", due_ + kDay).front().due, due_ + kDay);
}

// A reminder that was put off while a slow replica thought that it had been told already.
TEST_F(TimersTest, ASnoozeEndsAClaim) {  // SAL-10
  ASSERT_TRUE(Write([&](db::WriteSet& writes) {
                SetTimer(writes, {TimerKind::kReminder, 7, due_});
              }).ok());
  const Timer claimed = Claim("a", due_, TimerKind::kReminder).front();
  ASSERT_TRUE(Write([&](db::WriteSet& writes) {
                SetTimer(writes, {TimerKind::kReminder, 7, due_ + kDay});
              }).ok());
  EXPECT_FALSE(Write([&](db::WriteSet& writes) { EndTimer(writes, claimed); }).ok());
  EXPECT_FALSE(Write([&](db::WriteSet& writes) { PutOffTimer(writes, claimed, due_); }).ok());
  EXPECT_EQ(Claim("b", due_ + kDay, TimerKind::kReminder).front().due, due_ + kDay);
}

// Somebody works on the opportunity while it is being looked at.
TEST_F(TimersTest, HasteningEndsAClaim) {  // SAL-10
  const Timer timer{TimerKind::kOpportunity, 7, due_};
  ASSERT_TRUE(Write([&](db::WriteSet& writes) { SetTimer(writes, timer); }).ok());
  const Timer claimed = Claim("a", due_).front();
  EXPECT_TRUE(Write([&](db::WriteSet& writes) {
                HastenTimer(writes, {TimerKind::kOpportunity, 7, due_ + 7 * kDay});
              }).ok());
  EXPECT_FALSE(Write([&](db::WriteSet& writes) { EndTimer(writes, claimed); }).ok());
  EXPECT_THAT(Subjects(Claim("b", due_)), ElementsAre(7));
}

}  // namespace
}  // namespace crm::sales
