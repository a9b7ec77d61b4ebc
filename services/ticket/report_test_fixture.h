// What the tests of reports share.
#ifndef CRM_SERVICES_TICKET_REPORT_TEST_FIXTURE_H_
#define CRM_SERVICES_TICKET_REPORT_TEST_FIXTURE_H_

#include <string>
#include <vector>

#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/report_test_model.h"
#include "services/ticket/sum_changes.h"
#include "services/ticket/ticket_test_fixture.h"

namespace crm::ticket {

// Counts what the job that counts problems has not read yet.
inline constexpr char kUncounted[] = R"sql(
  SELECT COUNT(*)
  FROM outbox
  WHERE position IS NULL OR position + event_count - 1 >
        (SELECT position FROM event_cursor WHERE source = 'ticket-terms'))sql";

class ReportHandlersTest : public TicketTest {
 protected:
  explicit ReportHandlersTest(const Adjust& adjust = {}) : TicketTest(adjust) {
    SetWallClock("2026-03-02 09:00");
  }

  void SetWallClock(const std::string& text) {
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone_));
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, zone_, &time, &error)) << error;
    SetClock(time);
  }

  // Waits until all that is old enough is summed up, and nothing waits to be.
  void SumUp() {
    const int64_t old = absl::ToUnixMicros(Now() - kSummedAfter - absl::Minutes(10));
    ASSERT_TRUE(Eventually([&] {
      return CountRows("SELECT until FROM ticket_sum_state") >= old &&
             CountRows("SELECT COUNT(*) FROM ticket_sum_change") == 0;
    }));
  }

  absl::StatusOr<v1::GetTicketReportResponse> TryReport(const std::string& token,
                                                        const v1::GetTicketReportRequest& request) {
    return Call<v1::GetTicketReportResponse>(token, "TicketReportService/GetTicketReport", request);
  }
  v1::GetTicketReportResponse Report(const v1::GetTicketReportRequest& request) {
    return Must(TryReport(supervisor_, request));
  }
  static v1::GetTicketReportRequest Period(const std::string& from, const std::string& to) {
    v1::GetTicketReportRequest request;
    request.set_from_date(from);
    request.set_to_date(to);
    return request;
  }
  v1::TicketFigures March() { return Report(Period("2026-03-01", "2026-03-31")).total(); }

  absl::StatusOr<v1::Ticket> Rate(const std::string& number, int satisfaction) {
    v1::RecordFeedbackRequest request;
    request.set_ticket(number);
    request.set_satisfaction(satisfaction);
    return Call<v1::Ticket>(agent_, "AfterCareService/RecordFeedback", request);
  }
  void Resolve(const std::string& number) {
    ASSERT_TRUE(TryResolve("ProposeSolution", number, "更换网卡", v1::ROOT_CAUSE_LOGISTICS).ok());
    ASSERT_TRUE(TryResolve("CompleteTicket", number).ok());
  }

  // What escalation and closing by itself still have to do is done.
  void Settle() {
    ASSERT_TRUE(Eventually([&] {
      return harness_->database().Int("SELECT COUNT(*) FROM ticket_timer WHERE due_time <= ?",
                                      {Now()}) == 0;
    }));
  }

  std::vector<WholeTicket> Everything() {
    std::vector<WholeTicket> all;
    v1::ListTicketsRequest request;
    request.set_page_size(1000);
    const auto page =
        Must(Call<v1::ListTicketsResponse>(agent_, "TicketService/ListTickets", request));
    for (const v1::Ticket& ticket : page.tickets()) {
      all.push_back({ticket, Events(ticket.number()), Sla(ticket.number())});
    }
    return all;
  }

  absl::TimeZone zone_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_TEST_FIXTURE_H_
