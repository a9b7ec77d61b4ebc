// Rules of tickets (TIC-1, TIC-3). Pure.
#ifndef CRM_SERVICES_TICKET_TICKET_RULES_H_
#define CRM_SERVICES_TICKET_TICKET_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/schema/validate.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {

inline constexpr char kTicketType[] = "crm.ticket.v1.Ticket";

// What can be done to a ticket's status, by RPC.
enum class Move {
  kTake,
  kAssign,
  kWait,
  kResume,
  kPropose,
  kComplete,
  kClose,
  kReopen,
};

// FAILED_PRECONDITION, reason TICKET_MERGED, metadata `survivor`, for one that was merged into
// another.
absl::Status CheckNotMerged(const v1::Ticket& ticket);

// The status after a move. FAILED_PRECONDITION, reason TICKET_MERGED, or MOVE_ILLEGAL with metadata
// `legal_moves`: the methods that are possible now, separated by commas.
absl::StatusOr<v1::TicketStatus> StatusAfter(Move move, const v1::Ticket& ticket);

// The status after the customer has written again: what waits for the customer goes on, what was
// done or closed is open again. Any other one stays.
v1::TicketStatus StatusAfterCustomerReply(v1::TicketStatus status);

// The methods that are possible in a status, in the order of Move.
std::vector<std::string> LegalMoves(v1::TicketStatus status);

// What is wrong with a new ticket beyond its declarations.
std::vector<schema::Violation> CheckNewTicket(const v1::Ticket& ticket);

// FAILED_PRECONDITION, reason COMPLAINT_INCOMPLETE, for a complaint without root cause or solution;
// metadata `fields`: those that are missing, separated by commas.
absl::Status CheckComplete(const v1::Ticket& ticket);

// What was decided when a ticket was done stays until it is reopened. FAILED_PRECONDITION with
// metadata `fields`: reason TYPE_FIXED, or COMPLAINT_INCOMPLETE for what a complaint would lose.
absl::Status CheckUpdate(const v1::Ticket& before, const v1::Ticket& after);

// Neither done nor closed.
bool IsOpen(v1::TicketStatus status);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_RULES_H_
