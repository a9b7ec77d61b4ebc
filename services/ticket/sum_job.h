// Puts into the sums what reports count (TIC-11): what happened long enough ago, and what writes
// have changed about it since. From the first ticket on when there are none yet.
#ifndef CRM_SERVICES_TICKET_SUM_JOB_H_
#define CRM_SERVICES_TICKET_SUM_JOB_H_

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/job/periodic.h"
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
  // A transaction's worth; false when there is no more.
  absl::StatusOr<bool> Step();
  absl::StatusOr<bool> TakeDown(db::Connection& db, const SumState& state);
  absl::StatusOr<bool> Add(db::Connection& db, const SumState& state);
  // How far a step goes.
  absl::StatusOr<absl::Time> EndOfStep(db::Connection& db, const SumState& state);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SUM_JOB_H_
