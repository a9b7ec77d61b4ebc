// What falls due, on a real database, also with two replicas: reminders, entry actions, automatic
// reminders.
#include "services/sales/timer_job.h"

#include <algorithm>

#include "services/sales/reminder_test_fixture.h"

namespace crm::sales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TimerJobTest : public ReminderTest {
 protected:
  // Of one opportunity, by due time.
  std::vector<std::string> Sources(const std::string& opportunity) {
    std::vector<std::string> sources;
    for (const v1::Reminder& each :
         List(absl::StrCat("opportunity = \"", opportunity, "\""), Steward())) {
      sources.push_back(v1::ReminderSource_Name(each.source()).substr(16));
    }
    return sources;
  }
  // Until nothing is left to do.
  std::vector<std::string> SourcesAfter(absl::Duration time, const std::string& opportunity) {
    Advance(time);
    EXPECT_TRUE(IsIdle());
    return Sources(opportunity);
  }
  // Of a stage of the default pipeline.
  void AddEntryAction(int stage, const std::string& text, int after_days) {
    v1::Pipeline pipeline = GetPipeline("default");
    v1::EntryAction& action = *pipeline.mutable_stages(stage)->add_entry_actions();
    action.set_assignee_role("product_manager");
    action.set_text(text);
    action.set_after_days(after_days);
    Must(UpdatePipeline(pipeline, {"stages"}));
  }
  void Touch(const std::string& number, const std::string& name) {
    v1::Opportunity patch;
    patch.set_number(number);
    patch.set_name(name);
    Must(Update(patch, {"name"}));
  }
};

TEST_F(TimerJobTest, TellsWhenAReminderIsDue) {  // SAL-10
  const std::string opportunity = Must(Create(Draft())).number();
  const std::string number = Must(Remind(About(opportunity, Now() + kDay))).number();
  Advance(kDay - absl::Seconds(1));
  ASSERT_TRUE(IsIdle());
  EXPECT_FALSE(Must(Read(number)).has_fire_time());
  Advance(absl::Seconds(1));
  ASSERT_TRUE(Fires(number));
  EXPECT_EQ(record::TimeOf(Must(Read(number)).fire_time()), Now());
}

// SAL-10, PLT-22: with two replicas at work, and after an outage of a day.
TEST_F(TimerJobTest, TwoReplicasTellOnce) {
  constexpr int kReminders = 450;  // more than two claims
  const std::string opportunity = Must(Create(Draft())).number();
  harness_.StartReplica();
  for (int i = 0; i < kReminders; ++i) {
    Must(Remind(About(opportunity, Now() + absl::Minutes(1 + i * 7 % kReminders))));
  }
  Advance(kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_EQ(Count("SELECT COUNT(*) FROM reminder WHERE fire_time IS NOT NULL"), kReminders);
  // One event each: a version that nobody has changed since is the one after that it was made with.
  EXPECT_EQ(Count("SELECT COUNT(*) FROM reminder WHERE version = 2"), kReminders);
}

TEST_F(TimerJobTest, EnteringAStageRemindsItsPeople) {  // SAL-2, SAL-10
  const std::string number = Must(Create(Draft())).number();
  Must(Move(number, "needs_analysis"));
  EXPECT_THAT(Texts("", ProductManager(), true), IsEmpty());
  Must(Move(number, "solution_demo"));
  const std::vector<v1::Reminder> made = List("", ProductManager(), true);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].text(), "准备方案演示");
  EXPECT_EQ(made[0].opportunity(), number);
  EXPECT_EQ(made[0].source(), v1::REMINDER_SOURCE_ENTRY_ACTION);
  EXPECT_EQ(made[0].team(), "east");
  EXPECT_EQ(made[0].creator(), "rep");
  EXPECT_TRUE(Fires(made[0].number()));
  // A move that is refused reminds nobody.
  EXPECT_FALSE(Move(number, "contract_signing").ok());
  EXPECT_EQ(List("", ProductManager(), true).size(), 1u);
}

// "Call for onboarding 7 days after it was won."
TEST_F(TimerJobTest, ClosingRemindsItsPeople) {  // SAL-2, SAL-10
  AddEntryAction(5, "安排上线培训", 7);
  AddEntryAction(6, "复盘输单原因", 0);
  const std::string won = Must(Create(Draft())).number();
  MakeWon(won, "96000");
  const std::string about_won = absl::StrCat("opportunity = \"", won, "\" AND stage_kind = WON");
  const std::vector<v1::Reminder> made = List(about_won, Steward());
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].text(), "安排上线培训");
  EXPECT_EQ(record::TimeOf(made[0].due_time()), Now() + 7 * kDay);
  Advance(7 * kDay - absl::Seconds(1));
  ASSERT_TRUE(IsIdle());
  EXPECT_FALSE(Must(Read(made[0].number(), Steward())).has_fire_time());
  Advance(absl::Seconds(1));
  ASSERT_TRUE(IsIdle());
  EXPECT_TRUE(Must(Read(made[0].number(), Steward())).has_fire_time());
  EXPECT_EQ(Must(Read(made[0].number(), Steward())).state(), v1::REMINDER_STATE_OPEN);

  const std::string lost = Must(Create(Draft())).number();
  Must(Lose(lost));
  ASSERT_TRUE(IsIdle());
  const std::vector<v1::Reminder> of_lost =
      List(absl::StrCat("opportunity = \"", lost, "\""), Steward());
  ASSERT_EQ(of_lost.size(), 1u);
  EXPECT_TRUE(of_lost[0].has_fire_time());
  EXPECT_EQ(of_lost[0].state(), v1::REMINDER_STATE_OPEN);
}

// What an open stage asks for ends with the closing, what the closing asks for with the reopening.
TEST_F(TimerJobTest, EntryActionsEndWithWhatTheyAreAbout) {  // SAL-2, SAL-10
  AddEntryAction(0, "准备首次拜访", 3);
  AddEntryAction(6, "半年后再联系", 180);
  const std::string number = Must(Create(Draft())).number();
  Must(Lose(number));
  Advance(3 * kDay);
  ASSERT_TRUE(IsIdle());
  const auto state_of = [&](const std::string& text) {
    for (const v1::Reminder& each :
         List(absl::StrCat("opportunity = \"", number, "\""), Steward())) {
      if (each.text() == text) return v1::ReminderState_Name(each.state()).substr(15);
    }
    return std::string("none");
  };
  EXPECT_EQ(state_of("准备首次拜访"), "CANCELLED");
  EXPECT_EQ(state_of("半年后再联系"), "OPEN");
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(number);
  reopen.set_reason("客户重新立项");
  Must(Call<v1::Opportunity>("ReopenOpportunity", reopen));
  Advance(177 * kDay);
  ASSERT_TRUE(IsIdle());
  EXPECT_EQ(state_of("半年后再联系"), "CANCELLED");
}

TEST_F(TimerJobTest, RemindsOfAnOpportunityThatNobodyCaresFor) {  // SAL-10
  const std::string number = Must(Create(Draft())).number();
  EXPECT_THAT(SourcesAfter(7 * kDay - absl::Seconds(1), number), IsEmpty());
  EXPECT_THAT(SourcesAfter(absl::Seconds(1), number), ElementsAre("NO_ACTIVITY"));
  const v1::Reminder quiet = List("", Rep()).front();
  EXPECT_EQ(quiet.assignee(), "rep");
  EXPECT_EQ(quiet.text(), "已有7天没有跟进");
  EXPECT_TRUE(quiet.has_fire_time());
  // Once for each time that it becomes quiet.
  EXPECT_THAT(SourcesAfter(10 * kDay, number), ElementsAre("NO_ACTIVITY"));
  Touch(number, "云帆数据平台一期");
  EXPECT_THAT(SourcesAfter(6 * kDay, number), ElementsAre("NO_ACTIVITY"));
  EXPECT_THAT(SourcesAfter(kDay, number), ElementsAre("NO_ACTIVITY", "NO_ACTIVITY"));
}

// Whoever completes a reminder has done something.
TEST_F(TimerJobTest, ACompletedReminderIsActivity) {  // SAL-10
  const std::string number = Must(Create(Draft())).number();
  Advance(absl::Hours(1));
  Touch(number, "云帆数据平台一期");
  ASSERT_THAT(SourcesAfter(7 * kDay, number), ElementsAre("NO_ACTIVITY"));
  Must(Complete(List("", Rep()).front().number()));
  EXPECT_THAT(SourcesAfter(6 * kDay, number), ElementsAre("NO_ACTIVITY"));
  EXPECT_THAT(SourcesAfter(kDay, number), ElementsAre("NO_ACTIVITY", "NO_ACTIVITY"));
}

TEST_F(TimerJobTest, RemindsOfACloseDateThatHasPassed) {  // SAL-10
  v1::Opportunity draft = Draft();
  draft.set_expected_close_date("2026-03-22");
  const std::string number = Must(Create(draft)).number();
  harness_.clock().Set(At("2026-03-22T23:59:59+08:00"));
  EXPECT_THAT(SourcesAfter(absl::ZeroDuration(), number), IsEmpty());
  EXPECT_THAT(SourcesAfter(absl::Seconds(1), number), ElementsAre("CLOSE_DATE_PASSED"));
  // A new date is a new promise.
  v1::Opportunity patch;
  patch.set_number(number);
  patch.set_expected_close_date("2026-03-24");
  Must(Update(patch, {"expected_close_date"}));
  EXPECT_THAT(SourcesAfter(kDay, number), ElementsAre("CLOSE_DATE_PASSED"));
  EXPECT_THAT(SourcesAfter(kDay, number), ElementsAre("CLOSE_DATE_PASSED", "CLOSE_DATE_PASSED"));
}

TEST_F(TimerJobTest, RemindsOfAnOpportunityThatStaysTooLong) {  // SAL-10
  const std::string number = Must(Create(Draft())).number();
  for (int week = 0; week < 5; ++week) {  // entered on 03-20, until 04-19
    Advance(6 * kDay);
    Touch(number, absl::StrCat("云帆数据平台第", week, "周"));
  }
  ASSERT_TRUE(IsIdle());
  EXPECT_THAT(Sources(number), IsEmpty());
  EXPECT_THAT(SourcesAfter(kDay, number), ElementsAre("DWELL_EXCEEDED"));
  Must(Move(number, "needs_analysis"));
  EXPECT_THAT(SourcesAfter(kDay, number), ElementsAre("DWELL_EXCEEDED"));
}

TEST_F(TimerJobTest, LeavesClosedOnesAlone) {  // SAL-10
  const std::string number = Must(Create(Draft())).number();
  Must(Lose(number));
  EXPECT_THAT(SourcesAfter(60 * kDay, number), IsEmpty());
  EXPECT_EQ(Count("SELECT COUNT(*) FROM sales_timer"), 0);
  v1::ReopenOpportunityRequest reopen;
  reopen.set_opportunity(number);
  reopen.set_reason("客户重新立项");
  Must(Call<v1::Opportunity>("ReopenOpportunity", reopen));
  EXPECT_THAT(SourcesAfter(7 * kDay, number), ElementsAre("NO_ACTIVITY"));
}

// SAL-10: what was missed during an outage comes once, however many replicas come back.
TEST_F(TimerJobTest, AutomaticRemindersOfTwoReplicasComeOnce) {
  constexpr int kOpportunities = 250;
  harness_.StartReplica();
  for (int i = 0; i < kOpportunities; ++i) Must(Create(Draft(absl::StrCat("项目", i))));
  Advance(40 * kDay);  // quiet and too long in the stage
  ASSERT_TRUE(IsIdle());
  EXPECT_EQ(Count("SELECT COUNT(*) FROM reminder"), 2 * kOpportunities);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM reminder_occasion"), 2 * kOpportunities);
}

}  // namespace
}  // namespace crm::sales
