// What can be merged and split (TIC-16). Pure.
#ifndef CRM_SERVICES_TICKET_MERGE_RULES_H_
#define CRM_SERVICES_TICKET_MERGE_RULES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/schema/validate.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

// FAILED_PRECONDITION, reason TICKET_MERGED or TICKET_CLOSED, for one that has no part to give.
absl::Status CheckAlive(const v1::Ticket& ticket);
// FAILED_PRECONDITION, reason TICKET_MERGED, TICKET_CLOSED (also of one that is done), or
// CUSTOMERS_DIFFER.
absl::Status CheckMerge(const v1::Ticket& survivor, const v1::Ticket& duplicate);

// DUPLICATE_TWICE, DUPLICATE_IS_SURVIVOR.
std::vector<schema::Violation> CheckMergeRequest(const v1::MergeTicketsRequest& request);

// ENTRY_UNKNOWN, NOT_A_MESSAGE. `events`: the ticket's history.
std::vector<schema::Violation> CheckEntries(const v1::SplitTicketRequest& request,
                                            const TicketEvents& events);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_MERGE_RULES_H_
