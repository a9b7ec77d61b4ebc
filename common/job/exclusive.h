// A job that runs on one replica at a time. Each replica tries; the one that holds the lease works,
// the others ask again later. What must not happen twice still needs its own guard (lease.h).
//
//   runner.Add({.name = "purge"}, Exclusive(pool, clock, {.name = "purge", .holder = process},
//   body));
#ifndef CRM_COMMON_JOB_EXCLUSIVE_H_
#define CRM_COMMON_JOB_EXCLUSIVE_H_

#include "common/db/pool.h"
#include "common/job/lease.h"
#include "common/job/periodic.h"

namespace crm::job {

// `body` should take less than half of the lease's term: the lease is renewed between two runs, and
// only when less than that is left of it.
JobBody Exclusive(db::Pool& pool, const Clock& clock, LeaseOptions lease, JobBody body);

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_EXCLUSIVE_H_
