// Puts into the sums what reports count (TIC-11): what happened long enough ago, and what writes
// have changed about it since. From the first ticket on when there are none yet.
#ifndef CRM_SERVICES_TICKET_SUM_JOB_H_
#define CRM_SERVICES_TICKET_SUM_JOB_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/job/periodic.h"
#include "common/job/steps.h"
#include "services/ticket/desk.h"
#include "services/ticket/sum_store.h"

namespace crm::ticket {

// On every replica; one of them works at a time. Stopped at any point it goes on from there.
class SumJob {
 public:
  // Outlives it.
  explicit SumJob(Desk& desk) : desk_(desk) {}

  static job::JobOptions Options();
  job::JobBody Body();

 private:
  // A transaction's worth.
  absl::StatusOr<job::Progress> Step();
  bool HasWork(const SumState& state) const;
  absl::StatusOr<job::Progress> TakeDown(db::Connection& db, const SumState& state);
  absl::StatusOr<job::Progress> Add(db::Connection& db, const SumState& state);
  bool IsOfZone(const SumState& state) const;
  // Until when enough time has passed.
  absl::Time Last() const;
  // How far a step goes.
  absl::StatusOr<absl::Time> EndOfStep(db::Connection& db, const SumState& state);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SUM_JOB_H_
