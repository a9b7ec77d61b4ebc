// TicketReportService: figures over many tickets (TIC-11, TIC-12).
#ifndef CRM_SERVICES_TICKET_REPORT_HANDLERS_H_
#define CRM_SERVICES_TICKET_REPORT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/report_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class ReportHandlers {
 public:
  // Outlives it.
  explicit ReportHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::GetTicketReportResponse> Report(CallContext& call,
                                                     const v1::GetTicketReportRequest& request);
  absl::StatusOr<v1::ListFrequentProblemsResponse> Problems(
      CallContext& call, const v1::ListFrequentProblemsRequest& request);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_REPORT_HANDLERS_H_
