// Brings changed settings and stage limits to the opportunities that are open (SAL-10): looks
// through all of them, some hundreds at a time, and sets the timers of those that something is due
// for earlier than they would be looked at. Once for each change, over all replicas; after a
// restart from the first one, which then finds most timers set.
#ifndef CRM_SERVICES_SALES_OCCASION_SWEEP_H_
#define CRM_SERVICES_SALES_OCCASION_SWEEP_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/job/once_per_mark.h"
#include "common/job/periodic.h"
#include "services/sales/sales.h"

namespace crm::sales {

// Used by one thread but for TermsInForce.
class OccasionSweep {
 public:
  // `sales` outlives it.
  explicit OccasionSweep(Sales& sales) : sales_(sales) {}

  job::JobBody Job();
  static job::JobOptions JobOptions() {
    return {.name = "sweep-opportunities", .interval = absl::Minutes(1)};
  }

  // Rises with every change of what this replica goes by.
  static int64_t TermsInForce(const Sales& sales);

 private:
  absl::StatusOr<job::Progress> SweepSome(const job::Marks& marks);

  Sales& sales_;
  int64_t last_id_ = 0;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_OCCASION_SWEEP_H_
