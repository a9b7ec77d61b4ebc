// Reports over gRPC on a real database: TIC-11.
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/report_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;

// TIC-11
TEST_F(ReportHandlersTest, TellsAMonth) {
  const std::string quick = Open().number();
  const std::string slow = Open().number();
  Open();
  Advance(absl::Minutes(30));
  Move("TakeTicket", quick);
  Reply(quick);
  Advance(absl::Minutes(30));
  Resolve(quick);
  Move("TakeTicket", slow);
  Advance(absl::Hours(1));
  Reply(slow);
  Reply(slow);
  Advance(absl::Hours(1));
  Resolve(slow);
  // Entries of one instant come microseconds after each other.
  Advance(absl::Seconds(1));

  const v1::TicketFigures march = March();
  EXPECT_EQ(march.created(), 3);
  EXPECT_EQ(march.resolved(), 2);
  EXPECT_EQ(march.reopened(), 0);
  EXPECT_EQ(march.first_contact_resolved(), 1);
  EXPECT_DOUBLE_EQ(march.first_contact_resolution_rate(), 0.5);
  EXPECT_EQ(march.first_response().count(), 2);
  EXPECT_NEAR(march.first_response().mean_minutes(), 75, 0.1);
  EXPECT_EQ(march.first_response().median_minutes(), 30);
  EXPECT_EQ(march.first_response().p90_minutes(), 120);
  EXPECT_EQ(march.resolution().median_minutes(), 60);
  EXPECT_EQ(march.resolution().p90_minutes(), 180);
  EXPECT_EQ(march.backlog().open(), 1);
  EXPECT_NEAR(march.backlog().oldest_age_hours(), 3, 0.01);
  EXPECT_EQ(march.backlog().under_1_day(), 1);
  EXPECT_EQ(march.rated(), 0);
  EXPECT_FALSE(march.has_mean_satisfaction());

  const v1::TicketFigures before = Report(Period("2026-02-01", "2026-02-28")).total();
  EXPECT_EQ(before.created(), 0);
  EXPECT_EQ(before.backlog().open(), 0);
  EXPECT_FALSE(before.has_reopen_rate());
}

// TIC-11: a clock counts where it was due or ended, not where the ticket came in; what is late and
// open still is late.
TEST_F(ReportHandlersTest, ClocksCountWhereTheyAreDecided) {
  SetWallClock("2026-03-31 22:00");
  const std::string late = Open(v1::TICKET_PRIORITY_URGENT).number();
  const std::string in_time = Open(v1::TICKET_PRIORITY_URGENT).number();
  Move("TakeTicket", in_time);
  Advance(absl::Hours(1));
  Reply(in_time);
  Advance(absl::Hours(4));
  const auto first_response = [](const v1::TicketFigures& figures) {
    for (const v1::ClockFigures& sla : figures.sla()) {
      if (sla.clock() == v1::SLA_CLOCK_FIRST_RESPONSE) return sla;
    }
    return v1::ClockFigures();
  };
  EXPECT_EQ(first_response(March()).in_time(), 1);
  EXPECT_EQ(first_response(March()).late(), 0);
  EXPECT_DOUBLE_EQ(first_response(March()).compliance(), 1);
  const auto april = Period("2026-04-01", "2026-04-30");
  EXPECT_EQ(first_response(Report(april).total()).late(), 1);
  Move("TakeTicket", late);
  Reply(late);
  EXPECT_EQ(first_response(Report(april).total()).late(), 1);
  EXPECT_EQ(first_response(Report(april).total()).in_time(), 0);
  // The answer itself was given in April.
  EXPECT_EQ(Report(april).total().first_response().count(), 1);
  EXPECT_EQ(March().created(), 2);
}

// TIC-11, TIC-3: a resolution that did not stand is none; the time in done is not charged.
TEST_F(ReportHandlersTest, AReopenedOneIsNotResolved) {
  const std::string number = Open().number();
  Move("TakeTicket", number);
  Reply(number);
  Advance(absl::Hours(1));
  Resolve(number);
  EXPECT_EQ(March().first_contact_resolved(), 1);
  Advance(absl::Hours(10));
  Move("ReopenTicket", number);
  v1::TicketFigures march = March();
  EXPECT_EQ(march.resolved(), 0);
  EXPECT_EQ(march.reopened(), 1);
  EXPECT_DOUBLE_EQ(march.reopen_rate(), 1);
  EXPECT_EQ(march.backlog().open(), 1);
  Advance(absl::Hours(2));
  Resolve(number);
  march = March();
  EXPECT_EQ(march.resolved(), 1);
  EXPECT_EQ(march.first_contact_resolved(), 0);
  EXPECT_DOUBLE_EQ(march.reopen_rate(), 0.5);
  EXPECT_EQ(march.resolution().median_minutes(), 180);
}

// TIC-11, TIC-10
TEST_F(ReportHandlersTest, TellsHowSatisfiedCustomersAre) {
  for (const int satisfaction : {5, 4, 3}) {
    const std::string number = OpenClosed(Fault());
    ASSERT_TRUE(Rate(number, satisfaction).ok());
  }
  const v1::TicketFigures march = March();
  EXPECT_EQ(march.rated(), 3);
  EXPECT_DOUBLE_EQ(march.mean_satisfaction(), 4);
  EXPECT_NEAR(march.satisfied_share(), 2.0 / 3, 1e-9);
}

// TIC-11, TIC-3: how complaints compare before and after, whichever answer came last.
TEST_F(ReportHandlersTest, ComparesBeforeAndAfter) {
  v1::Ticket complaint = Fault();
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  const auto ask_again = [&](const std::string& number, int satisfaction) {
    v1::RecordFollowUpRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    request.set_text("回访：已恢复正常");
    Must(Call<v1::Ticket>(agent_, "AfterCareService/RecordFollowUp", request));
  };
  const std::string better = OpenClosed(complaint);
  const std::string worse = OpenClosed(complaint);
  const std::string silent = OpenClosed(complaint);
  ASSERT_TRUE(Rate(better, 3).ok());
  Advance(absl::Minutes(1));
  for (const std::string& number : {better, worse, silent}) ask_again(number, 4);
  Advance(absl::Minutes(1));
  ASSERT_TRUE(Rate(worse, 5).ok());
  Advance(absl::Minutes(1));
  const auto expect = [&] {
    const v1::TicketFigures march = March();
    EXPECT_EQ(march.compared(), 2);
    EXPECT_DOUBLE_EQ(march.mean_satisfaction_change(), 0);
    EXPECT_DOUBLE_EQ(march.improved_share(), 0.5);
  };
  expect();
  EXPECT_EQ(Report(Period("2026-02-01", "2026-02-28")).total().compared(), 0);
  EXPECT_FALSE(Report(Period("2026-02-01", "2026-02-28")).total().has_improved_share());
  Advance(absl::Hours(48));
  Settle();
  SumUp();
  expect();
}

// TIC-11, TIC-16: one request is counted once.
TEST_F(ReportHandlersTest, AMergedOneCountsNowhere) {
  const std::string survivor = Open().number();
  const std::string duplicate = Open().number();
  EXPECT_EQ(March().created(), 2);
  v1::MergeTicketsRequest merge;
  merge.set_survivor(survivor);
  merge.add_duplicates()->set_ticket(duplicate);
  merge.set_reason("同一故障");
  Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/MergeTickets", merge));
  EXPECT_EQ(March().created(), 1);
  EXPECT_EQ(March().backlog().open(), 1);
  v1::UnmergeTicketRequest unmerge;
  unmerge.set_ticket(duplicate);
  unmerge.set_reason("并非同一故障");
  Must(Call<v1::Ticket>(supervisor_, "TicketMergeService/UnmergeTicket", unmerge));
  EXPECT_EQ(March().created(), 2);
  EXPECT_EQ(March().backlog().open(), 2);
}

// TIC-11, PLT-13: an agent gets figures of his own tickets.
TEST_F(ReportHandlersTest, CountsWhatTheCallerMaySee) {
  Move("TakeTicket", Open().number());
  ASSERT_TRUE(TryMove(other_agent_, "TakeTicket", Open().number()).ok());
  Open();
  const auto request = Period("2026-03-01", "2026-03-31");
  EXPECT_EQ(Must(TryReport(agent_, request)).total().created(), 1);
  EXPECT_EQ(Must(TryReport(supervisor_, request)).total().created(), 3);
  EXPECT_EQ(TryReport(gateway_, request).status().code(), absl::StatusCode::kPermissionDenied);
}

// TIC-11, PLT-7
TEST_F(ReportHandlersTest, RefusesPeriodsThatAreNone) {
  const auto refused = [&](const std::string& from, const std::string& to) {
    return Violations(TryReport(supervisor_, Period(from, to)).status());
  };
  EXPECT_THAT(refused("2026-03-02", "2026-03-01"), ElementsAre("to_date PERIOD_BACKWARDS"));
  EXPECT_THAT(refused("2020-03-02", "2026-03-01"), ElementsAre("to_date PERIOD_TOO_LONG"));
  EXPECT_EQ(refused("2026-02-30", "tomorrow").size(), 2u);
  EXPECT_TRUE(refused("2026-03-01", "2026-03-01").empty());
}

}  // namespace
}  // namespace crm::ticket
