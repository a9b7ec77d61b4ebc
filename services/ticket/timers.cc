#include "services/ticket/timers.h"

namespace crm::ticket {

const job::Timers& TicketTimers() {
  static const job::Timers& timers =
      *new job::Timers({.table = "ticket_timer", .subject = "ticket_id"});
  return timers;
}

}  // namespace crm::ticket
