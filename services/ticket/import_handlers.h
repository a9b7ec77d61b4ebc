// TicketImportService: history of older systems (TIC-14).
#ifndef CRM_SERVICES_TICKET_IMPORT_HANDLERS_H_
#define CRM_SERVICES_TICKET_IMPORT_HANDLERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/import_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class ImportHandlers {
 public:
  // Outlives it.
  explicit ImportHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ImportTicketsResponse> Import(CallContext& call,
                                                   const v1::ImportTicketsRequest& request);
  // An error of the call; what is wrong with the row is in the outcome.
  absl::Status ImportRow(CallContext& call, db::Connection& db, const SlaBookPtr& book,
                         v1::HistoricTicket row, v1::HistoricTicketOutcome& outcome);
  absl::Status Write(CallContext& call, const SlaBookPtr& book, const v1::HistoricTicket& row,
                     v1::Ticket ticket, v1::HistoricTicketOutcome& outcome);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_IMPORT_HANDLERS_H_
