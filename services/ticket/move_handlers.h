// TicketService: the verbs that change where a ticket stands and who has it (TIC-3, TIC-7).
#ifndef CRM_SERVICES_TICKET_MOVE_HANDLERS_H_
#define CRM_SERVICES_TICKET_MOVE_HANDLERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/ticket_service.pb.h"
#include "services/ticket/desk.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {

class MoveHandlers {
 public:
  // Outlives it.
  explicit MoveHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Ticket> Take(CallContext& call, const v1::MoveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Assign(CallContext& call, const v1::AssignTicketRequest& request);
  absl::StatusOr<v1::Ticket> Wait(CallContext& call, const v1::MoveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Resume(CallContext& call, const v1::MoveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Propose(CallContext& call, const v1::ResolveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Complete(CallContext& call, const v1::ResolveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Close(CallContext& call, const v1::MoveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Reopen(CallContext& call, const v1::MoveTicketRequest& request);

  absl::StatusOr<v1::Ticket> MoveTo(CallContext& call, Move move,
                                    const v1::MoveTicketRequest& request);
  absl::StatusOr<v1::Ticket> Resolve(CallContext& call, Move move,
                                     const v1::ResolveTicketRequest& request);
  // Gives the ticket to a user, and moves it if nobody had it.
  absl::StatusOr<v1::Ticket> Give(CallContext& call, Move move, const TicketState& before,
                                  const std::string& assignee, const std::string& reason);
  // Sets what comes with a new status; gives the entries of the history.
  TicketEvents Enter(Move move, const TicketState& before, absl::Time now,
                     v1::Ticket& ticket) const;
  // Gives the ticket that takes the place of one that was closed too long ago. FAILED_PRECONDITION
  // TICKET_CONTINUED if it has one that is out of the caller's scope.
  absl::StatusOr<v1::Ticket> Continue(CallContext& call, const TicketState& before,
                                      const std::string& reason);
  v1::Ticket Save(CallContext& call, const TicketState& before, v1::Ticket after,
                  TicketEvents events) const;

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_MOVE_HANDLERS_H_
