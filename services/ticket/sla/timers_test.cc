#include "services/ticket/sla/timers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/ticket/sla/test_history.h"

namespace crm::ticket::sla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kTick = absl::Microseconds(1);

absl::Time Tuesday(const std::string& clock) { return At("2025-09-02 " + clock); }

// First response 2 h, resolution 8 h, nothing else.
Policy TwoClocks() {
  Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  policy.rule(Clock::kFirstResponse).target = absl::Hours(2);
  policy.rule(Clock::kOnSiteArrival) = {};
  policy.rule(Clock::kNextResponse) = {};
  policy.rule(Clock::kNextUpdate) = {};
  return policy;
}

TEST(SlaTimers, WarningAndBreachOfEachClock) {  // TIC-8
  const Policy policy = TwoClocks();
  const TestHistory history(Tuesday("08:00"), policy);
  EXPECT_THAT(
      NextTimers(history.Read(Tuesday("08:00"))),
      ElementsAre(Timer{Tuesday("09:30"), Clock::kFirstResponse, 1, TimerKind::kWarning},
                  Timer{Tuesday("10:00") + kTick, Clock::kFirstResponse, 1, TimerKind::kBreach},
                  Timer{Tuesday("14:00"), Clock::kResolution, 1, TimerKind::kWarning},
                  Timer{Tuesday("16:00") + kTick, Clock::kResolution, 1, TimerKind::kBreach}));
}

TEST(SlaTimers, AtItsInstantATimerIsTrueAndJustBeforeItIsNot) {  // TIC-8
  const Policy policy = TwoClocks();
  const TestHistory history(Tuesday("08:00"), policy);
  for (const Timer& timer : NextTimers(history.Read(Tuesday("08:00")))) {
    if (timer.kind != TimerKind::kBreach) continue;
    EXPECT_EQ(history.Read(timer.at - kTick)[timer.clock].state, State::kRunning);
    EXPECT_EQ(history.Read(timer.at)[timer.clock].state, State::kBreached);
  }
}

TEST(SlaTimers, AfterAnOutageWhatHasPassedComesFirst) {  // TIC-8
  const Policy policy = TwoClocks();
  const TestHistory history(Tuesday("08:00"), policy);
  EXPECT_THAT(
      NextTimers(history.Read(Tuesday("15:00")), /*after=*/Tuesday("09:30")),
      ElementsAre(Timer{Tuesday("10:00") + kTick, Clock::kFirstResponse, 1, TimerKind::kBreach},
                  Timer{Tuesday("14:00"), Clock::kResolution, 1, TimerKind::kWarning},
                  Timer{Tuesday("16:00") + kTick, Clock::kResolution, 1, TimerKind::kBreach}));
}

TEST(SlaTimers, EndedClocksHaveNone) {  // TIC-8
  const Policy policy = TwoClocks();
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("09:00"), EventKind::kAgentReplied);
  history.MovedTo(Tuesday("09:00"), Status::kDone);
  EXPECT_THAT(NextTimers(history.Read(Tuesday("09:00"))), IsEmpty());
}

TEST(SlaTimers, AClockThatStandsStillHasOnlyWhatItReached) {  // TIC-8
  const Policy policy = TwoClocks();
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("09:45"), Status::kWaitingForCustomer);
  EXPECT_THAT(NextTimers(history.Read(Tuesday("12:00"))),
              ElementsAre(Timer{Tuesday("09:30"), Clock::kFirstResponse, 1, TimerKind::kWarning}));
}

TEST(SlaTrap, MergedTicketsDoNotEscalate) {  // TIC-8, TIC-16
  const Policy policy = TwoClocks();
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("11:00"), EventKind::kMerged);
  // Not even what fell due before the merge and was not done by then.
  EXPECT_THAT(NextTimers(history.Read(Tuesday("11:00"))), IsEmpty());
  EXPECT_THAT(NextTimers(history.Read(Tuesday("23:00"))), IsEmpty());
  history.Happened(Tuesday("23:00"), EventKind::kUnmerged);
  EXPECT_THAT(NextTimers(history.Read(Tuesday("23:00")), /*after=*/Tuesday("23:00")),
              ElementsAre(Timer{At("2025-09-03 02:00"), Clock::kResolution, 1, TimerKind::kWarning},
                          Timer{At("2025-09-03 04:00") + kTick, Clock::kResolution, 1,
                                TimerKind::kBreach}));
}

}  // namespace
}  // namespace crm::ticket::sla
