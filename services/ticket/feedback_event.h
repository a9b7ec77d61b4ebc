// The event `ticket.feedback`: an answer of a customer, for the archive's file of them (TIC-10).
#ifndef CRM_SERVICES_TICKET_FEEDBACK_EVENT_H_
#define CRM_SERVICES_TICKET_FEEDBACK_EVENT_H_

#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

// The ticket's last answer.
void PublishFeedback(db::WriteSet& writes, const StoredTicket& ticket,
                     const resource::ChangeSource& source);
// The answer to the follow-up of a complaint, just given.
void PublishFollowUp(db::WriteSet& writes, const StoredTicket& ticket,
                     const resource::ChangeSource& source);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_FEEDBACK_EVENT_H_
