// Work that is done once for each mark, over all replicas and restarts: a day, a set of rules, a
// form of the rows. The mark that is done is the value of a lease; asking costs one statement.
//
//   runner.Add({.name = "ages", .interval = absl::Hours(1)},
//              OncePerMark(pool, clock, {.lease = {.name = "ages", .holder = process}},
//                          [&] { return DayNumber(clock.Now()); },
//                          [&](const Marks& marks, const std::stop_token&) { return Age(marks);
//                          }));
//
// A replica that is late may work at the same time as another: what must not happen twice still
// needs its own guard (lease.h).
#ifndef CRM_COMMON_JOB_ONCE_PER_MARK_H_
#define CRM_COMMON_JOB_ONCE_PER_MARK_H_

#include <cstdint>
#include <functional>
#include <stop_token>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/pool.h"
#include "common/job/lease.h"
#include "common/job/periodic.h"
#include "common/job/steps.h"

namespace crm::job {

struct Marks {
  int64_t done = 0;  // the lease's first_value if nothing ever was
  int64_t wanted = 0;
  // The first part for this mark here, or the first since another replica may have worked: begin
  // with the first row.
  bool begins = true;
};

// Does a part of the work, in less than the lease's term. Called on the job's thread.
using MarkedWork =
    std::function<absl::StatusOr<Progress>(const Marks& marks, const std::stop_token& stop)>;

struct OncePerMarkOptions {
  LeaseOptions lease;
  // Between parts, so that long work leaves the database to others.
  absl::Duration pause = absl::ZeroDuration();
  // The mark that was done counts as undone from the first part for another one on: for work that
  // leaves rows between the two, if the old mark may be wanted again.
  bool forgets_first = false;
  // Marks only rise: a replica that wants an older one than what is done, because it does not know
  // better yet, has nothing to do.
  bool rises = false;
};

// Compares what `wanted` gives now with what is done, and works until both are equal; then it is
// due at the job's interval, or when told.
JobBody OncePerMark(db::Pool& pool, const Clock& clock, OncePerMarkOptions options,
                    std::function<int64_t()> wanted, MarkedWork work);

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_ONCE_PER_MARK_H_
