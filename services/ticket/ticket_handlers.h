// TicketService: intake, reading, and what a ticket says. Moves are in move_handlers.h.
#ifndef CRM_SERVICES_TICKET_TICKET_HANDLERS_H_
#define CRM_SERVICES_TICKET_TICKET_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class TicketHandlers {
 public:
  // Outlives it.
  explicit TicketHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Ticket> Create(CallContext& call, const v1::CreateTicketRequest& request);
  absl::StatusOr<v1::Ticket> Get(CallContext& call, const v1::GetTicketRequest& request);
  absl::StatusOr<v1::ListTicketsResponse> List(CallContext& call,
                                               const v1::ListTicketsRequest& request);
  absl::StatusOr<v1::Ticket> Update(CallContext& call, const v1::UpdateTicketRequest& request);
  absl::StatusOr<v1::ListTicketEventsResponse> Events(CallContext& call,
                                                      const v1::ListTicketEventsRequest& request);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_HANDLERS_H_
