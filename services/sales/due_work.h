// What becomes of timers that are due: one change each, in the order they were due.
#ifndef CRM_SERVICES_SALES_DUE_WORK_H_
#define CRM_SERVICES_SALES_DUE_WORK_H_

#include <vector>

#include "absl/time/time.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"

namespace crm::sales {

struct DueWork {
  absl::Time due;
  db::WriteSet writes;
  // Reminders that it makes due.
  int fired = 0;
};

// Who makes the changes of background work.
inline resource::ChangeSource JobSource(absl::Time now) { return {now, "crm-sales", "job"}; }

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_DUE_WORK_H_
