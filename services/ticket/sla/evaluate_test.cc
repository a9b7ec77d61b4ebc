#include "services/ticket/sla/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "services/ticket/sla/test_history.h"

namespace crm::ticket::sla {
namespace {

constexpr absl::Duration kTick = absl::Microseconds(1);

// Tuesday, a plain week.
absl::Time Tuesday(const std::string& clock) { return At("2025-09-02 " + clock); }
absl::Time Wednesday(const std::string& clock) { return At("2025-09-03 " + clock); }

TEST(Sla, DueTimeInOfficeHours) {  // TIC-5, TIC-6
  const Policy policy = PolicyOf(absl::Hours(8), OfficeHours());
  const TestHistory history(Tuesday("17:00"), policy);
  const Evaluation evaluation = history.Read(Wednesday("10:00"));
  const Reading& resolution = evaluation[Clock::kResolution];
  EXPECT_EQ(resolution.state, State::kRunning);
  EXPECT_EQ(resolution.started, Tuesday("17:00"));
  EXPECT_EQ(resolution.elapsed, absl::Hours(2));
  EXPECT_EQ(resolution.remaining, absl::Hours(6));
  EXPECT_EQ(resolution.warning, Wednesday("15:00"));
  EXPECT_EQ(resolution.due, Wednesday("17:00"));
  EXPECT_EQ(resolution.breached_at, std::nullopt);
}

TEST(Sla, PauseOverHolidayMovesDueTime) {  // TIC-5
  const Policy policy = PolicyOf(absl::Hours(8), OfficeHours());
  TestHistory history(At("2025-09-30 09:00"), policy, Status::kInProgress);
  history.MovedTo(At("2025-09-30 16:00"), Status::kWaitingForCustomer);
  // 6 h are used. The answer comes on the second day after the holidays, at 11:00.
  history.MovedTo(At("2025-10-10 11:00"), Status::kInProgress);
  const Evaluation evaluation = history.Read(At("2025-10-10 11:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].elapsed, absl::Hours(6));
  EXPECT_EQ(evaluation[Clock::kResolution].due, At("2025-10-10 14:00"));
}

TEST(Sla, PausedClockIsDueAsIfItWentOnNow) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("10:00"), Status::kWaitingForCustomer);
  const Evaluation evaluation = history.Read(Tuesday("15:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].state, State::kPaused);
  EXPECT_EQ(evaluation[Clock::kResolution].pause, Pause::kStatus);
  EXPECT_EQ(evaluation[Clock::kResolution].due, Tuesday("21:00"));
  EXPECT_EQ(EarliestDue(evaluation), std::nullopt);
}

TEST(Sla, PauseWithoutRuleIsCharged) {  // TIC-3, TIC-6
  Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  policy.rule(Clock::kResolution).paused_in = {};
  policy.rule(Clock::kOnSiteArrival).paused_in = {Status::kToBeConfirmed};
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("09:00"), Status::kWaitingForCustomer);
  history.MovedTo(Tuesday("10:00"), Status::kToBeConfirmed);
  const Evaluation evaluation = history.Read(Tuesday("12:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].elapsed, absl::Hours(4));
  EXPECT_EQ(evaluation[Clock::kOnSiteArrival].elapsed, absl::Hours(2));
}

// --- known traps ---

TEST(SlaTrap, PausesAreNotLostWhenAPriorityChangePicksAnotherPolicy) {  // TIC-4
  const Policy low = PolicyOf(absl::Hours(48), AlwaysOpen());
  const Policy urgent = PolicyOf(absl::Hours(8), OfficeHours());
  TestHistory history(Tuesday("08:00"), low);
  history.MovedTo(Tuesday("09:00"), Status::kWaitingForCustomer);
  history.MovedTo(Tuesday("12:00"), Status::kInProgress);
  history.PolicyApplied(Tuesday("14:00"), urgent);
  const Evaluation evaluation = history.Read(Tuesday("15:00"));
  const Reading& resolution = evaluation[Clock::kResolution];
  // 1 h and 2 h before, 1 h since; not the 3 h of waiting.
  EXPECT_EQ(resolution.elapsed, absl::Hours(4));
  EXPECT_EQ(resolution.target, absl::Hours(8));
  // 4 h until 18:00, one more on the next morning.
  EXPECT_EQ(resolution.due, Wednesday("10:00"));
}

TEST(SlaTrap, APriorityChangeDuringAPauseDoesNotEndIt) {  // TIC-4
  const Policy low = PolicyOf(absl::Hours(48), AlwaysOpen());
  const Policy urgent = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), low);
  history.MovedTo(Tuesday("09:00"), Status::kWaitingForCustomer);
  history.PolicyApplied(Tuesday("10:00"), urgent);
  history.MovedTo(Tuesday("12:00"), Status::kInProgress);
  EXPECT_EQ(history.Read(Tuesday("11:00"))[Clock::kResolution].state, State::kPaused);
  EXPECT_EQ(history.Read(Tuesday("13:00"))[Clock::kResolution].elapsed, absl::Hours(2));
}

TEST(SlaTrap, ALateResolutionStaysLateHoweverLateTheJobRan) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(2), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("10:00") + kTick, Status::kDone);
  // Nobody looked between the due time and the end.
  const Evaluation evaluation = history.Read(Wednesday("08:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].state, State::kBreached);
  EXPECT_EQ(evaluation[Clock::kResolution].breached_at, Tuesday("10:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].met_at, Tuesday("10:00") + kTick);
}

TEST(SlaTrap, AResolutionInTimeStaysInTimeHoweverLateTheJobRan) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(2), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("10:00"), Status::kDone);
  EXPECT_EQ(history.Read(Wednesday("08:00"))[Clock::kResolution].state, State::kMet);
}

TEST(SlaTrap, AStatusChangeIsNoAnswer) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("08:10"), EventKind::kAssigned);
  history.MovedTo(Tuesday("08:10"), Status::kInProgress);
  history.MovedTo(Tuesday("09:00"), Status::kToBeConfirmed);
  const Evaluation evaluation = history.Read(Tuesday("12:00") + kTick);
  EXPECT_EQ(evaluation[Clock::kFirstResponse].state, State::kBreached);
  EXPECT_EQ(evaluation[Clock::kFirstResponse].met_at, std::nullopt);
}

TEST(SlaTrap, DoneWithoutAnAnswerIsNoFirstResponse) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("09:00"), Status::kDone);
  const Evaluation evaluation = history.Read(Wednesday("09:00"));
  EXPECT_EQ(evaluation[Clock::kFirstResponse].state, State::kPaused);
  EXPECT_EQ(evaluation[Clock::kFirstResponse].met_at, std::nullopt);
  EXPECT_EQ(evaluation[Clock::kFirstResponse].elapsed, absl::Hours(1));
}

TEST(SlaTrap, MergedTicketsAreNotBreachedAndGoOnWhenUnmerged) {  // TIC-16
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("11:00"), EventKind::kMerged);
  history.Happened(Wednesday("11:00"), EventKind::kUnmerged);
  const Evaluation merged = history.Read(Wednesday("10:00"));
  EXPECT_TRUE(merged.merged);
  EXPECT_EQ(merged[Clock::kResolution].state, State::kPaused);
  EXPECT_EQ(merged[Clock::kResolution].pause, Pause::kMerged);
  EXPECT_EQ(EarliestDue(merged), std::nullopt);
  const Evaluation unmerged = history.Read(Wednesday("11:30"));
  EXPECT_EQ(unmerged[Clock::kResolution].state, State::kRunning);
  EXPECT_EQ(unmerged[Clock::kResolution].due, Wednesday("12:00"));
}

// --- reopening ---

TEST(Sla, ReopeningTakesTheResolutionBackAndKeepsWhatWasUsed) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("11:00"), Status::kDone);
  EXPECT_EQ(history.Read(Tuesday("12:00"))[Clock::kResolution].met_at, Tuesday("11:00"));
  history.MovedTo(Wednesday("08:00"), Status::kInProgress);
  const Evaluation evaluation = history.Read(Wednesday("09:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].met_at, std::nullopt);
  EXPECT_EQ(evaluation[Clock::kResolution].elapsed, absl::Hours(4));
  EXPECT_EQ(evaluation[Clock::kResolution].due, Wednesday("13:00"));
  // Seen from a day before the reopening, the ticket is done (TIC-14).
  EXPECT_EQ(history.Read(Tuesday("12:00"))[Clock::kResolution].state, State::kMet);
}

TEST(Sla, DoneThenClosedIsOneResolution) {  // TIC-17
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("11:00"), Status::kDone);
  history.MovedTo(Wednesday("11:00"), Status::kClosed);
  EXPECT_EQ(history.Read(Wednesday("12:00"))[Clock::kResolution].met_at, Tuesday("11:00"));
  EXPECT_EQ(history.Read(Wednesday("12:00"))[Clock::kResolution].state, State::kMet);
}

// --- policies ---

TEST(Sla, ATighterPolicyIsComparedWithAllTimeUsed) {  // TIC-4
  const Policy low = PolicyOf(absl::Hours(48), AlwaysOpen());
  const Policy urgent = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), low);
  history.PolicyApplied(Tuesday("18:00"), urgent);
  EXPECT_EQ(history.Read(Tuesday("18:00") - kTick)[Clock::kResolution].state, State::kRunning);
  const Evaluation evaluation = history.Read(Tuesday("18:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].state, State::kBreached);
  EXPECT_EQ(evaluation[Clock::kResolution].breached_at, Tuesday("12:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].remaining, -absl::Hours(6));
}

TEST(Sla, ALooserPolicyTakesAnOpenBreachBack) {  // TIC-4
  const Policy urgent = PolicyOf(absl::Hours(4), AlwaysOpen());
  const Policy low = PolicyOf(absl::Hours(48), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), urgent);
  history.PolicyApplied(Tuesday("18:00"), low);
  EXPECT_EQ(history.Read(Tuesday("17:00"))[Clock::kResolution].state, State::kBreached);
  EXPECT_EQ(history.Read(Tuesday("19:00"))[Clock::kResolution].state, State::kRunning);
}

TEST(Sla, TheSamePolicyAgainChangesNothing) {  // TIC-4
  const Policy policy = PolicyOf(absl::Hours(4), OfficeHours());
  TestHistory history(Tuesday("08:00"), policy);
  const Evaluation before = history.Read(Tuesday("18:00"));
  history.PolicyApplied(Tuesday("17:00"), policy);
  const Evaluation after = history.Read(Tuesday("18:00"));
  EXPECT_EQ(after[Clock::kResolution].breached_at, before[Clock::kResolution].breached_at);
  EXPECT_EQ(after[Clock::kResolution].elapsed, before[Clock::kResolution].elapsed);
}

TEST(Sla, AnEndedClockKeepsTheJudgementOfItsTime) {  // TIC-4
  const Policy low = PolicyOf(absl::Hours(48), AlwaysOpen());
  const Policy urgent = PolicyOf(absl::Hours(1), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), low);
  history.Happened(Tuesday("12:00"), EventKind::kAgentReplied);
  history.PolicyApplied(Tuesday("13:00"), urgent);
  const Evaluation evaluation = history.Read(Tuesday("18:00"));
  EXPECT_EQ(evaluation[Clock::kFirstResponse].state, State::kMet);
  EXPECT_EQ(evaluation[Clock::kFirstResponse].target, absl::Hours(48));
}

TEST(Sla, AClockThatAPolicyAddsIsCountedFromThen) {  // TIC-4
  Policy without = PolicyOf(absl::Hours(48), AlwaysOpen());
  without.rule(Clock::kOnSiteArrival) = {};
  const Policy key_customer = PolicyOf(absl::Hours(24), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), without);
  EXPECT_EQ(history.Read(Tuesday("09:00"))[Clock::kOnSiteArrival].state, State::kInactive);
  history.PolicyApplied(Tuesday("10:00"), key_customer);
  const Evaluation evaluation = history.Read(Tuesday("11:00"));
  EXPECT_EQ(evaluation[Clock::kOnSiteArrival].elapsed, absl::Hours(1));
  EXPECT_EQ(evaluation[Clock::kOnSiteArrival].due, Wednesday("10:00"));
}

TEST(Sla, NoPolicyNoClocks) {  // TIC-6
  const std::vector<Event> history = {{Tuesday("08:00"), 1, EventKind::kOpened}};
  const Evaluation evaluation = Evaluate(history, Tuesday("09:00"));
  for (const Clock clock : kClocks) EXPECT_EQ(evaluation[clock].state, State::kInactive);
}

// --- replies ---

TEST(Sla, EveryReplyOfTheCustomerIsATurnOfItsOwn) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(1), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("08:10"), EventKind::kCustomerReplied);  // asks again, no new turn
  history.Happened(Tuesday("08:30"), EventKind::kAgentReplied);
  history.Happened(Tuesday("09:00"), EventKind::kCustomerReplied);
  history.Happened(Tuesday("09:30"), EventKind::kCustomerReplied);  // waits since 09:00
  history.Happened(Tuesday("10:30"), EventKind::kAgentReplied);     // late
  history.Happened(Tuesday("11:00"), EventKind::kCustomerReplied);
  const Evaluation evaluation = history.Read(Tuesday("11:15"));
  const Reading& next = evaluation[Clock::kNextResponse];
  EXPECT_EQ(next.cycle, 2);
  EXPECT_EQ(next.state, State::kRunning);
  EXPECT_EQ(next.elapsed, absl::Minutes(15));
  std::vector<Reading> earlier = evaluation.earlier;
  std::erase_if(earlier, [](const Reading& r) { return r.clock != Clock::kNextResponse; });
  ASSERT_EQ(earlier.size(), 1u);
  EXPECT_EQ(earlier[0].cycle, 1);
  EXPECT_EQ(earlier[0].started, Tuesday("09:00"));
  EXPECT_EQ(earlier[0].state, State::kBreached);
  EXPECT_EQ(earlier[0].met_at, Tuesday("10:30"));
}

TEST(Sla, AnswersKeepTheNextUpdateGoing) {  // TIC-4
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  EXPECT_EQ(history.Read(Tuesday("09:00"))[Clock::kNextUpdate].state, State::kInactive);
  history.Happened(Tuesday("09:00"), EventKind::kAgentReplied);
  history.Happened(Tuesday("12:00"), EventKind::kAgentReplied);
  const Evaluation evaluation = history.Read(Tuesday("13:00"));
  EXPECT_EQ(evaluation[Clock::kNextUpdate].cycle, 2);
  EXPECT_EQ(evaluation[Clock::kNextUpdate].due, Tuesday("16:00"));
}

// --- order and awkward input ---

TEST(Sla, AtTheSameInstantTheSequenceDecides) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  std::vector<Event> history = {
      {Tuesday("08:00"), 1, EventKind::kOpened, Status::kUnassigned, &policy},
      {Tuesday("09:00"), 2, EventKind::kAgentReplied},
      {Tuesday("10:00"), 4, EventKind::kAgentReplied},
      {Tuesday("10:00"), 3, EventKind::kCustomerReplied}};
  // Written, then answered.
  Evaluation evaluation = Evaluate(history, Tuesday("10:30"));
  EXPECT_EQ(evaluation[Clock::kNextResponse].met_at, Tuesday("10:00"));
  // Answered, then written.
  std::swap(history[2].sequence, history[3].sequence);
  evaluation = Evaluate(history, Tuesday("10:30"));
  EXPECT_EQ(evaluation[Clock::kNextResponse].state, State::kRunning);
}

TEST(Sla, ALateRecordTakesItsPlace) {  // TIC-14
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("18:00"), Status::kInProgress);
  EXPECT_EQ(history.Read(Tuesday("19:00"))[Clock::kFirstResponse].state, State::kBreached);
  // The telephone call of the morning is written down in the evening.
  history.Happened(Tuesday("11:00"), EventKind::kAgentReplied);
  EXPECT_EQ(history.Read(Tuesday("19:00"))[Clock::kFirstResponse].state, State::kMet);
  std::vector<Event> shuffled = history.events();
  std::reverse(shuffled.begin(), shuffled.end());
  EXPECT_EQ(Evaluate(shuffled, Tuesday("19:00"))[Clock::kFirstResponse].met_at, Tuesday("11:00"));
}

TEST(Sla, WhatIsDatedBeforeTheOpeningCountsAsAtTheOpening) {  // TIC-14
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("07:30"), EventKind::kAgentReplied);
  const Evaluation evaluation = history.Read(Tuesday("09:00"));
  EXPECT_EQ(evaluation[Clock::kFirstResponse].met_at, Tuesday("08:00"));
  EXPECT_EQ(evaluation[Clock::kFirstResponse].elapsed, absl::ZeroDuration());
}

TEST(Sla, BeforeTheOpeningAndWithoutOneThereIsNothing) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(4), AlwaysOpen());
  const TestHistory history(Tuesday("08:00"), policy);
  EXPECT_EQ(history.Read(Tuesday("07:00"))[Clock::kResolution].state, State::kInactive);
  EXPECT_EQ(Evaluate({}, Tuesday("07:00"))[Clock::kResolution].state, State::kInactive);
}

TEST(Sla, PausingAtTheDueInstantDoesNotMoveIt) {  // TIC-6
  const Policy policy = PolicyOf(absl::Hours(2), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("10:00"), Status::kWaitingForCustomer);
  const Evaluation evaluation = history.Read(Tuesday("12:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].due, Tuesday("10:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].state, State::kBreached);
  EXPECT_EQ(evaluation[Clock::kResolution].pause, Pause::kStatus);
}

TEST(Sla, NeverDueWhereNoHoursAreToCome) {  // TIC-5
  const CalendarPtr once = CalendarOf(R"pb(
    time_zone: "Asia/Shanghai"
    exceptions {
      date: "2025-09-02"
      kind: DAY_KIND_WORKING_DAY
      ranges { from: "09:00" to: "12:00" }
    }
  )pb");
  const Policy policy = PolicyOf(absl::Hours(4), once);
  const TestHistory history(Tuesday("08:00"), policy);
  const Evaluation evaluation = history.Read(Wednesday("08:00"));
  EXPECT_EQ(evaluation[Clock::kResolution].state, State::kRunning);
  EXPECT_EQ(evaluation[Clock::kResolution].elapsed, absl::Hours(3));
  EXPECT_EQ(evaluation[Clock::kResolution].due, std::nullopt);
  EXPECT_EQ(evaluation[Clock::kResolution].warning, Tuesday("12:00"));
}

TEST(Sla, TheEarliestOpenDueTimeOrdersTheWorkList) {  // TIC-6, TIC-13
  Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  policy.rule(Clock::kFirstResponse).target = absl::Hours(2);
  TestHistory history(Tuesday("08:00"), policy);
  EXPECT_EQ(EarliestDue(history.Read(Tuesday("09:00"))), Tuesday("10:00"));
  // A breach that is open still comes first.
  EXPECT_EQ(EarliestDue(history.Read(Tuesday("12:00"))), Tuesday("10:00"));
  history.Happened(Tuesday("12:00"), EventKind::kAgentReplied);
  EXPECT_EQ(EarliestDue(history.Read(Tuesday("12:00"))), Tuesday("16:00"));
  history.MovedTo(Tuesday("13:00"), Status::kDone);
  EXPECT_EQ(EarliestDue(history.Read(Tuesday("13:00"))), std::nullopt);
}

}  // namespace
}  // namespace crm::ticket::sla
