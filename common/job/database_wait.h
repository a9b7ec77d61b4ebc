// How long background work waits for a connection and a statement. The machine's own time, whatever
// clock the work's rules go by: the pool and the database know no other.
#ifndef CRM_COMMON_JOB_DATABASE_WAIT_H_
#define CRM_COMMON_JOB_DATABASE_WAIT_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace crm::job {

inline absl::Time DatabaseDeadline() { return absl::Now() + absl::Seconds(10); }

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_DATABASE_WAIT_H_
