// A node number in [0, 511] that no other live process of the service has, for time-ordered keys
// (common/base/ids.h).
//
//   NodeLease node({.holder = ProcessName()}, pool, clock);
//   CRM_ASSIGN_OR_RETURN(NodeClaim claim, node.Claim());
//   IdGenerator ids(clock, claim.node);
//   ids.ObserveTime(claim.used_until);        // keys of an earlier owner of the number sort before
//   runner.Add({.name = "node-lease", .interval = NodeLease::kRenewEvery},
//   node.RenewalJob(on_lost));
//
// A number is free when it was never used, was given back, or has not been renewed for the term and
// a grace that covers the difference between two machines' clocks. While the database is away no
// number can change hands, so an owner that could not renew keeps its number unless somebody has
// taken it meanwhile: then `on_lost` is called, and the process must stop making keys, that is,
// end.
//
// Thread-safe. Errors: those of the database, and RESOURCE_EXHAUSTED NO_FREE_NODE.
#ifndef CRM_COMMON_JOB_NODE_LEASE_H_
#define CRM_COMMON_JOB_NODE_LEASE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"

namespace crm::job {

struct NodeClaim {
  int node = 0;
  // An earlier owner may have made keys up to here.
  absl::Time used_until = absl::InfinitePast();
};

struct NodeLeaseOptions {
  std::string holder;
  absl::Duration term = absl::Seconds(60);
  absl::Duration grace = absl::Seconds(30);
};

class NodeLease {
 public:
  static constexpr absl::Duration kRenewEvery = absl::Seconds(15);

  // `pool` and `clock` outlive the lease.
  NodeLease(NodeLeaseOptions options, db::Pool& pool, const Clock& clock);

  // Once, at start.
  absl::StatusOr<NodeClaim> Claim();

  // False: another process has the number. True also after Release.
  absl::StatusOr<bool> Renew();

  // Renews as a background job; `on_lost` is called once.
  JobBody RenewalJob(std::function<void()> on_lost);

  // At stop, when no more keys are made.
  absl::Status Release();

 private:
  struct Row {
    std::string holder;
    absl::Time expire_time;
  };
  struct Candidate {
    int node;
    std::optional<Row> row;  // absent for a number never used
  };

  absl::StatusOr<std::vector<Candidate>> FreeNodes(db::Connection& connection, absl::Time now);
  absl::StatusOr<bool> Take(db::Connection& connection, const Candidate& candidate, absl::Time now);

  const NodeLeaseOptions options_;
  db::Pool& pool_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::optional<int> node_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_NODE_LEASE_H_
