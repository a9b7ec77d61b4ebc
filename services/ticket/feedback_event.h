// The event `ticket.feedback`: an answer of a customer, for the archive's file of them (TIC-10).
#ifndef CRM_SERVICES_TICKET_FEEDBACK_EVENT_H_
#define CRM_SERVICES_TICKET_FEEDBACK_EVENT_H_

#include <cstdint>

#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/ticket_history.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

// The ticket's last answer. `entry`: that of its history which has it.
void PublishFeedback(db::WriteSet& writes, const StoredTicket& ticket, int64_t entry,
                     const resource::ChangeSource& source);
// The answer to the follow-up of a complaint.
void PublishFollowUp(db::WriteSet& writes, const StoredTicket& ticket, int64_t entry,
                     const resource::ChangeSource& source);

// The last entry of a kind; 0 if there is none.
int64_t LastEntry(const TicketEvents& events, v1::TicketEventKind kind);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_FEEDBACK_EVENT_H_
