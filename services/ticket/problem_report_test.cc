// Frequent problems over gRPC on a real database: TIC-12.
#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/report_test_fixture.h"

namespace crm::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProblemReportTest : public TicketTest {
 protected:
  ProblemReportTest() { SetDay("2026-02-10"); }

  void SetDay(const std::string& day) {
    absl::TimeZone zone;
    absl::CivilDay civil;
    ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
    ASSERT_TRUE(absl::ParseCivilTime(day, &civil));
    SetClock(absl::FromCivil(civil, zone) + absl::Hours(9));
  }

  v1::Ticket Of(const std::string& category, const std::string& description) {
    v1::Ticket ticket = Fault();
    ticket.set_category(category);
    ticket.set_description(description);
    return ticket;
  }
  std::string Solve(const v1::Ticket& ticket, absl::Duration after,
                    v1::RootCause cause = v1::ROOT_CAUSE_USAGE) {
    const std::string number = Open(ticket).number();
    Move("TakeTicket", number);
    Advance(after);
    Must(TryResolve("ProposeSolution", number, "已指导", cause));
    Must(TryResolve("CompleteTicket", number));
    Move("CloseTicket", number);
    return number;
  }
  void Rate(const std::string& number, int satisfaction) {
    v1::RecordFeedbackRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    Must(Call<v1::Ticket>(agent_, "AfterCareService/RecordFeedback", request));
  }

  absl::StatusOr<v1::ListFrequentProblemsResponse> TryProblems(const std::string& token,
                                                               const std::string& from,
                                                               const std::string& to = "") {
    v1::ListFrequentProblemsRequest request;
    request.set_from_month(from);
    request.set_to_month(to);
    return Call<v1::ListFrequentProblemsResponse>(token, "TicketReportService/ListFrequentProblems",
                                                  request);
  }
  v1::ProblemMonth Month(const std::string& month) {
    EXPECT_TRUE(AreCounted());
    const auto response = Must(TryProblems(supervisor_, month));
    return response.months_size() == 1 ? response.months(0) : v1::ProblemMonth();
  }
  // What has happened so far is in the sums.
  bool AreCounted() {
    return Eventually([&] { return CountRows(kUncounted) == 0; });
  }
  // "name tickets", most frequent first.
  template <typename Problems>
  static std::vector<std::string> Names(const Problems& problems) {
    std::vector<std::string> names;
    for (const v1::FrequentProblem& problem : problems) {
      names.push_back(absl::StrCat(problem.name(), " ", problem.tickets()));
    }
    return names;
  }
};

// TIC-12
TEST_F(ProblemReportTest, CategoriesByMonth) {
  Open(Of("发票", "发票未收到"));
  SetDay("2026-03-05");
  Rate(Solve(Of("发票", "发票未收到"), absl::Hours(1)), 5);
  Rate(Solve(Of("发票", "发票未收到"), absl::Hours(3)), 4);
  Open(Of("发票", "发票未收到"));
  Open(Of("网络", "网络断线"));
  Open(Of("", "其他"));
  const v1::ProblemMonth march = Month("2026-03");
  EXPECT_EQ(march.month(), "2026-03");
  EXPECT_EQ(march.created(), 5);
  EXPECT_THAT(Names(march.categories()), ElementsAre("发票 3", "网络 1"));
  const v1::FrequentProblem& invoices = march.categories(0);
  EXPECT_DOUBLE_EQ(invoices.share(), 0.6);
  EXPECT_DOUBLE_EQ(invoices.growth(), 2);
  EXPECT_NEAR(invoices.mean_resolution_minutes(), 120, 0.1);
  EXPECT_DOUBLE_EQ(invoices.mean_satisfaction(), 4.5);
  EXPECT_FALSE(march.categories(1).has_growth());
  EXPECT_FALSE(march.categories(1).has_mean_resolution_minutes());

  const auto both = Must(TryProblems(supervisor_, "2026-02", "2026-03"));
  ASSERT_EQ(both.months_size(), 2);
  EXPECT_EQ(both.months(0).created(), 1);
}

// TIC-12
TEST_F(ProblemReportTest, ComplaintsByRootCause) {
  v1::Ticket complaint = Of("配送", "送货太慢");
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  Solve(complaint, absl::Hours(1), v1::ROOT_CAUSE_LOGISTICS);
  Solve(complaint, absl::Hours(1), v1::ROOT_CAUSE_LOGISTICS);
  Solve(complaint, absl::Hours(1), v1::ROOT_CAUSE_COMMUNICATION);
  Open(complaint);
  Solve(Of("配送", "送货太慢"), absl::Hours(1), v1::ROOT_CAUSE_OTHER);
  const v1::ProblemMonth february = Month("2026-02");
  EXPECT_EQ(february.complaints(), 4);
  EXPECT_THAT(Names(february.root_causes()),
              ElementsAre("ROOT_CAUSE_LOGISTICS 2", "ROOT_CAUSE_COMMUNICATION 1"));
  EXPECT_DOUBLE_EQ(february.root_causes(0).share(), 0.5);
}

// TIC-12, PLT-14, PLT-15: words of three tickets and more, in neither table as they are; the name
// of whoever asks is none.
TEST_F(ProblemReportTest, RecurringTerms) {
  Open(Of("", "toner leaks"));
  SetDay("2026-03-05");
  for (int i = 0; i < 3; ++i) {
    v1::Ticket ticket = Of("", "王建国说：硒鼓漏粉，toner broken，电话13800138001");
    ticket.set_requester_name("王建国");
    Solve(ticket, absl::Hours(2));
  }
  Open(Of("", "toner missing"));
  const v1::ProblemMonth march = Month("2026-03");
  const auto names = Names(march.terms());
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "toner 4");
  EXPECT_THAT(names, ::testing::Contains("broken 3"));
  EXPECT_THAT(names, ::testing::Contains("硒鼓 3"));
  EXPECT_DOUBLE_EQ(march.terms(0).share(), 1);
  EXPECT_DOUBLE_EQ(march.terms(0).growth(), 3);
  EXPECT_NEAR(march.terms(0).mean_resolution_minutes(), 120, 0.1);
  for (const std::string& name : names) {
    EXPECT_THAT(name, ::testing::Not(::testing::HasSubstr("建国")));
    EXPECT_THAT(name, ::testing::Not(::testing::HasSubstr("138")));
  }
  EXPECT_EQ(CountRows("SELECT COUNT(*) FROM term WHERE text LIKE '%toner%' OR hash LIKE '%toner%'"),
            0);
  // What a ticket no longer says is not counted.
  v1::UpdateTicketRequest update;
  update.mutable_ticket()->set_number(Open(Of("", "toner smells")).number());
  EXPECT_EQ(Month("2026-03").terms(0).tickets(), 5);
  update.mutable_ticket()->set_description("drum smells");
  Must(Call<v1::Ticket>(agent_, "TicketService/UpdateTicket", update));
  EXPECT_EQ(Month("2026-03").terms(0).tickets(), 4);
}

// TIC-12: a ticket that cannot be read keeps none of the others out of the sums.
TEST_F(ProblemReportTest, GoesPastATicketThatCannotBeRead) {
  const std::string broken = Open(Of("发票", "发票未收到")).number();
  Open(Of("网络", "网络断线"));
  ASSERT_TRUE(AreCounted());
  auto& database = harness_->database();
  database.Run("UPDATE ticket SET description = 'x' WHERE number = '" + broken + "'");
  // All of them come once more.
  for (const char* table : {"ticket_problem", "ticket_term", "problem_sum"}) {
    database.Run(absl::StrCat("DELETE FROM ", table));
  }
  database.Run("UPDATE event_cursor SET position = 0 WHERE source = 'ticket-terms'");
  Open(Of("网络", "网络断线"));
  EXPECT_TRUE(Eventually([&] { return CountRows("SELECT COUNT(*) FROM ticket_problem") == 2; }));
  EXPECT_EQ(CountRows("SELECT CAST(SUM(created) AS SIGNED) FROM problem_sum WHERE kind = 1"), 2);
}

// TIC-12, PLT-7, PLT-13
TEST_F(ProblemReportTest, RefusesWhatItCannotTell) {
  const auto refused = [&](const std::string& from, const std::string& to) {
    return testing::Violations(TryProblems(supervisor_, from, to).status());
  };
  EXPECT_THAT(refused("2026-03", "2026-02"), ElementsAre("to_month PERIOD_BACKWARDS"));
  EXPECT_THAT(refused("2025-03", "2026-03"), ElementsAre("to_month PERIOD_TOO_LONG"));
  EXPECT_EQ(refused("2026-3", "").size(), 1u);
  EXPECT_THAT(refused("2026-03", "2026-03"), IsEmpty());
  EXPECT_EQ(TryProblems(gateway_, "2026-03").status().code(), absl::StatusCode::kPermissionDenied);
  // An agent's own tickets.
  Open(Of("网络", "断线"));
  EXPECT_EQ(Must(TryProblems(agent_, "2026-02")).months(0).created(), 0);
}

}  // namespace
}  // namespace crm::ticket
