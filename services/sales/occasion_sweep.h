// Brings changed settings and stage limits to the opportunities that are open (SAL-10): looks
// through all of them, some hundreds at a time, and sets the timers of those that something is due
// for earlier than they would be looked at. Once for each change, over all replicas; after a
// restart from the first one, which then finds most timers set.
//
// A change is swept for once it has been in force here for kTermsSettle. Until then another replica
// may not know of it, and what was decided by the old terms may not be committed: behind a sweep
// that began at once, such a write would leave a timer that is too late.
#ifndef CRM_SERVICES_SALES_OCCASION_SWEEP_H_
#define CRM_SERVICES_SALES_OCCASION_SWEEP_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/job/once_per_mark.h"
#include "common/job/periodic.h"
#include "common/job/settled_mark.h"
#include "services/sales/sales.h"

namespace crm::sales {

// What a replica takes to follow a change, and a call to end, with some to spare.
inline constexpr absl::Duration kTermsSettle = absl::Seconds(40);

// The job has a thread, the calls of Follow have another.
class OccasionSweep {
 public:
  // `sales` outlives it.
  explicit OccasionSweep(Sales& sales) : sales_(sales) {}

  // Looks at what this replica goes by now. True if the job has something new to do.
  bool Follow();

  job::JobBody Job();
  static job::JobOptions JobOptions() {
    return {.name = "sweep-opportunities", .interval = absl::Minutes(1)};
  }

 private:
  absl::StatusOr<job::Progress> SweepSome(const job::Marks& marks);

  Sales& sales_;
  job::SettledMark terms_{kTermsSettle};
  int64_t last_id_ = 0;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_OCCASION_SWEEP_H_
