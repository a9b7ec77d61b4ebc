// Opens tickets: those that come in, and those that come out of others (TIC-7, TIC-16, TIC-17).
#ifndef CRM_SERVICES_TICKET_OPENING_H_
#define CRM_SERVICES_TICKET_OPENING_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/server/call_context.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/assignment_rules.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

// A new ticket of the same customer, about the same, linked with the old one.
v1::Ticket Related(const v1::Ticket& ticket, v1::TicketLinkKind kind);

// The ticket in which another one goes on, opened too late after it was closed.
struct Continuation {
  StoredTicket ticket;
  // For the history of the old one; none if it went on there before.
  TicketEvents events;
};

class Opening {
 public:
  // Outlives it.
  explicit Opening(Desk& desk) : desk_(desk) {}

  // Finds an agent for a ticket whose customer is settled, puts it under the SLA policy of their
  // team, numbers it, gives it to them if somebody is eligible, and writes it. Only team and policy
  // in a call that only checks.
  absl::StatusOr<StoredTicket> Open(server::CallContext& call, db::Connection& db,
                                    v1::Ticket ticket, TicketEvents carried_over = {}) const;

  // Opens a ticket that takes the place of one that was closed too long ago (TIC-17), unless an
  // earlier one does that still; whatever the caller may see.
  absl::StatusOr<Continuation> Continue(server::CallContext& call, const TicketState& before,
                                        const std::string& description,
                                        const std::string& reason) const;

  // One that `ticket` went on in before, as the caller may read it. FAILED_PRECONDITION, reason
  // TICKET_CONTINUED, if it is out of reach.
  absl::StatusOr<TicketState> Read(server::CallContext& call, const Continuation& earlier,
                                   const v1::Ticket& ticket) const;

 private:
  // The last one that took its place, if it is not closed.
  absl::StatusOr<std::optional<StoredTicket>> FindContinuation(db::Connection& db,
                                                               const TicketEvents& events) const;
  // Nobody, unless somebody is eligible.
  std::optional<Choice> FindAgent(const CompiledSla& sla, const v1::Ticket& ticket,
                                  absl::Time now) const;
  // The entries of its history.
  TicketEvents Assign(server::CallContext& call, const Choice& choice, v1::Ticket& ticket) const;

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_OPENING_H_
