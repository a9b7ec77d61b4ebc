// The right to do something that only one process may do at a time, held in a row of table `lease`
// until it expires (PLT-22).
//
//   Lease lease({.name = "event-sequencer", .holder = ProcessName()}, clock);
//   if (*lease.Acquire(connection)) { … lease.Advance(transaction, lease.value() + n) … }
//
// Each step is one update of one row with its condition in the WHERE clause, so it works the same
// on a single server and on optimistic clusters, and holds no lock beyond its statement.
//
// A holder can be late: it stalls, or its clock is wrong, and another takes over while the first
// still believes it holds the lease. So holding it only saves work. What must not be done twice is
// guarded by the value: Advance, in the transaction of the work, fails unless nobody else has held
// the lease and advanced it since.
//
// Not thread-safe. Errors: those of the database, and ABORTED with reason LEASE_LOST.
#ifndef CRM_COMMON_JOB_LEASE_H_
#define CRM_COMMON_JOB_LEASE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/db/connection.h"

namespace crm::job {

// Names this process in leases: host, process id, random digits; differs after a restart.
std::string ProcessName();

struct LeaseOptions {
  std::string name;
  std::string holder;
  // Well above the differences between the replicas' clocks.
  absl::Duration term = absl::Seconds(5);
  int64_t first_value = 0;  // of a lease that nobody ever held
};

class Lease {
 public:
  // `clock` outlives the lease.
  Lease(LeaseOptions options, const Clock& clock);

  // Takes the lease if it is free or has expired, renews it if it is ours. False: another has it.
  // After an error it counts as not held.
  absl::StatusOr<bool> Acquire(db::Connection& connection);

  // As Acquire, but asks the database only when less than half of the term is left.
  absl::StatusOr<bool> Hold(db::Connection& connection);

  // Lets others have it at once. No error if it was lost before.
  absl::Status Release(db::Connection& connection);

  // Sets the value and renews, inside the caller's transaction. The caller calls Advanced when that
  // has been committed, Forget if it failed or the outcome is not known.
  absl::Status Advance(db::Connection& transaction, int64_t value);
  void Advanced(int64_t value);
  void Forget() { held_until_ = absl::InfinitePast(); }

  // As far as this process knows.
  bool held() const { return clock_.Now() < held_until_; }
  absl::Time held_until() const { return held_until_; }
  // Valid while held.
  int64_t value() const { return value_; }
  const LeaseOptions& options() const { return options_; }

 private:
  absl::StatusOr<bool> TryUpdate(db::Connection& connection, absl::Time now);

  const LeaseOptions options_;
  const Clock& clock_;
  absl::Time held_until_ = absl::InfinitePast();
  absl::Time advanced_until_ = absl::InfinitePast();
  int64_t value_ = 0;
  bool row_exists_ = false;  // rows of leases are never deleted
};

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_LEASE_H_
