#include "services/ticket/sla/compliance.h"

#include <gtest/gtest.h>

#include "services/ticket/sla/test_history.h"

namespace crm::ticket::sla {
namespace {

absl::Time Tuesday(const std::string& clock) { return At("2025-09-02 " + clock); }

TEST(SlaTrap, ComplianceIsDividedByTheDecidedClocksOnly) {  // TIC-11
  const Policy policy = PolicyOf(absl::Hours(2), AlwaysOpen());
  Policy without = policy;
  without.rule(Clock::kResolution) = {};
  const absl::Time now = Tuesday("12:00");
  const std::vector<TestHistory> tickets = {
      TestHistory(Tuesday("08:00"), policy).MovedTo(Tuesday("09:00"), Status::kDone),  // in time
      TestHistory(Tuesday("08:00"), policy).MovedTo(Tuesday("10:00"), Status::kDone),  // in time
      TestHistory(Tuesday("08:00"), policy).MovedTo(Tuesday("11:00"), Status::kDone),  // late
      TestHistory(Tuesday("08:00"), policy),                                           // late, open
      TestHistory(Tuesday("11:00"), policy),                                           // pending
      TestHistory(Tuesday("08:00"), policy)
          .MovedTo(Tuesday("09:00"), Status::kWaitingForCustomer),  // pending
      TestHistory(Tuesday("08:00"), policy).Happened(Tuesday("09:00"), EventKind::kMerged),
      TestHistory(Tuesday("08:00"), without).MovedTo(Tuesday("09:00"), Status::kDone),  // none
      TestHistory(Tuesday("13:00"), policy)};                                           // not yet
  Compliance resolution;
  for (const TestHistory& ticket : tickets) resolution.Add(ticket.Read(now)[Clock::kResolution]);
  EXPECT_EQ(resolution.in_time(), 2);
  EXPECT_EQ(resolution.late(), 2);
  EXPECT_EQ(resolution.share(), 0.5);
}

TEST(SlaCompliance, NothingDecidedHasNoShare) {  // TIC-11
  EXPECT_EQ(Compliance().share(), std::nullopt);
}

TEST(SlaCompliance, EachTurnCounts) {  // TIC-11
  const Policy policy = PolicyOf(absl::Hours(1), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.Happened(Tuesday("08:30"), EventKind::kAgentReplied);
  history.Happened(Tuesday("09:00"), EventKind::kCustomerReplied);
  history.Happened(Tuesday("09:30"), EventKind::kAgentReplied);
  history.Happened(Tuesday("10:00"), EventKind::kCustomerReplied);
  history.Happened(Tuesday("11:30"), EventKind::kAgentReplied);
  const Evaluation evaluation = history.Read(Tuesday("12:00"));
  Compliance next_response;
  next_response.Add(evaluation[Clock::kNextResponse]);
  for (const Reading& reading : evaluation.earlier) {
    if (reading.clock == Clock::kNextResponse) next_response.Add(reading);
  }
  EXPECT_EQ(next_response.in_time(), 1);
  EXPECT_EQ(next_response.late(), 1);
}

TEST(SlaCompliance, DoneWithoutAnAnswerIsLateFromThen) {  // TIC-6, TIC-11
  const Policy policy = PolicyOf(absl::Hours(8), AlwaysOpen());
  TestHistory history(Tuesday("08:00"), policy);
  history.MovedTo(Tuesday("09:00"), Status::kDone);
  history.MovedTo(Tuesday("10:00"), Status::kClosed);
  const auto first_response = [&] { return history.Read(Tuesday("20:00"))[Clock::kFirstResponse]; };
  EXPECT_EQ(first_response().state, State::kPaused);
  EXPECT_EQ(OutcomeOf(first_response()), Outcome::kLate);
  EXPECT_EQ(DecidedAt(first_response()), Tuesday("09:00"));
  EXPECT_EQ(OutcomeOf(history.Read(Tuesday("20:00"))[Clock::kOnSiteArrival]), Outcome::kPending);
  TestHistory answered = history;
  answered.Happened(Tuesday("19:00"), EventKind::kAgentReplied);
  EXPECT_EQ(OutcomeOf(answered.Read(Tuesday("20:00"))[Clock::kFirstResponse]), Outcome::kInTime);
  history.MovedTo(Tuesday("19:00"), Status::kInProgress);
  EXPECT_EQ(OutcomeOf(first_response()), Outcome::kPending);
  EXPECT_EQ(DecidedAt(first_response()), std::nullopt);
}

TEST(SlaCompliance, ALateClockBelongsToThePeriodOfItsDueTime) {  // TIC-11
  const Policy policy = PolicyOf(absl::Hours(1), AlwaysOpen());
  TestHistory history(At("2025-08-31 22:30"), policy);
  history.MovedTo(At("2025-09-01 08:00"), Status::kDone);
  const Evaluation evaluation = history.Read(At("2025-09-30 00:00"));
  EXPECT_EQ(DecidedAt(evaluation[Clock::kResolution]), At("2025-08-31 23:30"));
  EXPECT_EQ(DecidedAt(evaluation[Clock::kNextResponse]), std::nullopt);
}

}  // namespace
}  // namespace crm::ticket::sla
