#include "services/sales/timers.h"

namespace crm::sales {

const job::Timers& SalesTimers() {
  static const job::Timers& timers =
      *new job::Timers({.table = "sales_timer", .subject = "subject_id", .kinds = true});
  return timers;
}

}  // namespace crm::sales
