// Tickets of an older system (TIC-14): what is checked, and the history that they become. Pure.
#ifndef CRM_SERVICES_TICKET_IMPORT_RULES_H_
#define CRM_SERVICES_TICKET_IMPORT_RULES_H_

#include <vector>

#include "absl/time/time.h"
#include "common/schema/validate.h"
#include "crm/ticket/v1/import_service.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

// Times of an older system may be this much ahead of ours.
inline constexpr absl::Duration kMaxAhead = absl::Minutes(5);

// What is wrong beyond the declarations: REQUESTER_MISSING, TIME_IN_FUTURE, TIME_BEFORE_OPENING,
// TIME_ORDER, MOVES_OR_TIMES, NOT_DONE.
std::vector<schema::Violation> CheckHistoric(const v1::HistoricTicket& row, absl::Time now);

// A row without faults as a ticket: without customer state, SLA policy and number.
v1::Ticket TicketOf(const v1::HistoricTicket& row, absl::Time now);

// Its history with times, in their order; the last entry is the import. `opened`: the ticket, with
// its SLA policy.
TicketEvents HistoryOf(const v1::HistoricTicket& row, const v1::Ticket& ticket, absl::Time now);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_IMPORT_RULES_H_
