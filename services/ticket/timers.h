// When something falls due on a ticket if nothing more happens (TIC-8): the table `ticket_timer`
// (common/job/timers.h), at most one timer a ticket.
#ifndef CRM_SERVICES_TICKET_TIMERS_H_
#define CRM_SERVICES_TICKET_TIMERS_H_

#include "common/job/timers.h"

namespace crm::ticket {

// Of kTicketTimer only.
const job::Timers& TicketTimers();

inline constexpr int kTicketTimer = 0;

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TIMERS_H_
