// Rows that are derived from tickets, made for those that lack them: TIC-11, TIC-12.
#include "services/ticket/report_test_fixture.h"

namespace crm::ticket {
namespace {

class DeriveJobTest : public ReportHandlersTest {
 protected:
  // As after a release that derives something else.
  void DeriveAgain() {
    harness_->database().Run("UPDATE ticket_derived_state SET form = 0, ticket_id = 0");
    AwaitDerived();
  }
  void AwaitDerived() {
    ASSERT_TRUE(Eventually([&] { return CountRows("SELECT form FROM ticket_derived_state") > 0; }));
  }
  // Of March, by agent.
  std::string Told() {
    auto request = Period("2026-03-01", "2026-03-31");
    request.set_group_by(v1::TICKET_REPORT_GROUP_AGENT);
    return Report(request).DebugString();
  }
  std::string Problems() {
    EXPECT_TRUE(Eventually([&] { return CountRows(kUncounted) == 0; }));
    v1::ListFrequentProblemsRequest request;
    request.set_from_month("2026-03");
    return Must(Call<v1::ListFrequentProblemsResponse>(
                    supervisor_, "TicketReportService/ListFrequentProblems", request))
        .DebugString();
  }
  void LiveThroughADay() {
    for (int i = 0; i < 5; ++i) {
      v1::Ticket ticket = Fault();
      ticket.set_category("打印机");
      const std::string number = Open(ticket).number();
      Advance(absl::Minutes(30));
      if (i == 4) continue;
      Move("TakeTicket", number);
      Reply(number);
      Advance(absl::Hours(1));
      Resolve(number);
      if (i > 1) Move("CloseTicket", number);
      if (i == 3) {
        ASSERT_TRUE(Rate(number, 4).ok());
      }
    }
    Advance(absl::Hours(48));
    Settle();
  }
};

// TIC-11, TIC-12: tickets from before there were such rows are in the reports.
TEST_F(DeriveJobTest, TicketsThatLackRows) {
  LiveThroughADay();
  const std::string told = Told();
  const std::string problems = Problems();
  SumUp();
  EXPECT_EQ(Told(), told);
  ASSERT_GT(CountRows("SELECT COUNT(*) FROM problem_sum"), 0);
  for (const char* table : {"ticket_fact", "ticket_problem", "problem_sum"}) {
    harness_->database().Run(absl::StrCat("DELETE FROM ", table));
  }
  harness_->database().Run("UPDATE ticket_clock SET type = 0, team = '', assignee = ''");
  harness_->database().Run("UPDATE ticket_sum_state SET zone = ''");
  ASSERT_NE(Told(), told);
  DeriveAgain();
  EXPECT_EQ(Told(), told);
  EXPECT_EQ(Problems(), problems);
  SumUp();
  EXPECT_EQ(Told(), told);
}

// TIC-11: what is as it should be is left alone, and counts once.
TEST_F(DeriveJobTest, WritesWhatIsMissingOnly) {
  LiveThroughADay();
  const std::string told = Told();
  const std::string problems = Problems();
  SumUp();
  const int64_t revision = CountRows("SELECT revision FROM ticket_sum_state");
  DeriveAgain();
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_sum_change"), 0);
  EXPECT_EQ(CountRows("SELECT revision FROM ticket_sum_state"), revision);
  EXPECT_EQ(Told(), told);
  EXPECT_EQ(Problems(), problems);
}

// TIC-11: where a run for another form or zone has stopped, nothing is done yet.
TEST_F(DeriveJobTest, BeginsAnewForAnotherZone) {
  LiveThroughADay();
  const std::string told = Told();
  harness_->database().Run("DELETE FROM ticket_fact");
  ASSERT_NE(Told(), told);
  harness_->database().Run(
      "UPDATE ticket_derived_state "
      "SET form = -1, zone = 'Europe/Paris', ticket_id = (SELECT MAX(id) FROM ticket)");
  AwaitDerived();
  EXPECT_EQ(Told(), told);
}

// TIC-11: a ticket that cannot be read is left out and does not hold up those behind it.
TEST_F(DeriveJobTest, GoesPastATicketThatCannotBeRead) {
  const std::string broken = Open(Fault()).number();
  LiveThroughADay();
  const int64_t facts = CountRows("SELECT COUNT(*) FROM ticket_fact");
  const std::string id = absl::StrCat("(SELECT id FROM ticket WHERE number = '", broken, "')");
  const int64_t of_it = CountRows("SELECT COUNT(*) FROM ticket_fact WHERE ticket_id = " + id);
  ASSERT_GT(of_it, 0);
  harness_->database().Run("DELETE FROM ticket_fact");
  harness_->database().Run("UPDATE ticket SET description = 'x' WHERE number = '" + broken + "'");
  DeriveAgain();
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM ticket_fact"), facts - of_it);
}

}  // namespace
}  // namespace crm::ticket
