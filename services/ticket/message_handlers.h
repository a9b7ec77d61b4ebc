// TicketService: what is said about a ticket, and its promises. An answer is not a status change
// (TIC-6); what the customer writes can be one (TIC-3).
#ifndef CRM_SERVICES_TICKET_MESSAGE_HANDLERS_H_
#define CRM_SERVICES_TICKET_MESSAGE_HANDLERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class MessageHandlers {
 public:
  // Outlives it.
  explicit MessageHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;
  using Request = v1::RecordTicketMessageRequest;

  absl::StatusOr<v1::Ticket> Record(CallContext& call, const Request& request,
                                    v1::TicketEventKind kind);
  absl::StatusOr<v1::Ticket> RecordReply(CallContext& call, const Request& request);
  v1::Ticket WriteReply(CallContext& call, const TicketState& before, const Request& request) const;
  // What is written about a ticket that was closed too long ago.
  absl::StatusOr<v1::Ticket> Continue(CallContext& call, const TicketState& before,
                                      const Request& request) const;
  absl::StatusOr<v1::Ticket> ChangePriority(CallContext& call,
                                            const v1::ChangeTicketPriorityRequest& request);
  absl::StatusOr<v1::Ticket> Reevaluate(CallContext& call,
                                        const v1::ReevaluateTicketSlaRequest& request);
  // Puts it under the newest version's policy for it.
  absl::StatusOr<v1::Ticket> ApplyPolicy(CallContext& call, TicketState before, v1::Ticket after,
                                         const std::string& reason);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_MESSAGE_HANDLERS_H_
