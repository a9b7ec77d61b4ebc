// The job that derives packed copies and look-up hashes anew after a release that stores other
// fields (docs/adr/0012): until then customers are read from their columns, which is slower, and
// are not found by new look-ups. All of them: a row whose copy is current may have been written by
// both releases, and have no hashes. Once a release over all replicas, in batches; asking costs one
// statement when nothing is to be done.
#ifndef CRM_SERVICES_CUSTOMER_REDERIVE_JOB_H_
#define CRM_SERVICES_CUSTOMER_REDERIVE_JOB_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/job/once_per_mark.h"
#include "common/job/periodic.h"
#include "services/customer/archive.h"

namespace crm::customer {

// Used by one thread.
class RederiveJob {
 public:
  // While replicas of the release before are running they write copies of theirs; they are gone
  // when a replica has been up for this long.
  static constexpr absl::Duration kRollOut = absl::Hours(1);

  // All outlive it.
  RederiveJob(const Archive& archive, db::Pool& pool, db::GroupCommitter& committer)
      : archive_(archive), pool_(pool), committer_(committer), start_(archive.clock.Now()) {}

  // Derives a batch of customers, from the first ones or after those of the last call.
  absl::StatusOr<job::Progress> RunPart(bool from_the_first);

  // `holder` names the replica.
  job::JobBody Body(std::string holder);

  // Customers since the start.
  int64_t derived() const { return derived_; }

 private:
  const Archive& archive_;
  db::Pool& pool_;
  db::GroupCommitter& committer_;
  const absl::Time start_;
  int64_t after_ = 0;
  int64_t derived_ = 0;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_REDERIVE_JOB_H_
