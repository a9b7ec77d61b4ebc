// The daily job that lowers activity levels (CUS-5): events only raise them, time lowers them. Safe
// on several replicas: a customer that somebody changes meanwhile is looked at again.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_JOB_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_JOB_H_

#include <cstdint>
#include <stop_token>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/activity_archive.h"

namespace crm::customer {

class ActivityJob {
 public:
  // All outlive it.
  ActivityJob(ActivityArchive& activity, db::Pool& pool, db::GroupCommitter& committer)
      : activity_(activity), pool_(pool), committer_(committer) {}

  // Lowers what is due at `now`. Gives the number of customers changed.
  absl::StatusOr<int64_t> Run(absl::Time now, const std::stop_token& stop) const;

  // When the next levels fall: the next business day begins.
  absl::Time NextDue(absl::Time now) const;

 private:
  // One batch of a level; gives how many were found and how many changed.
  struct Progress {
    int64_t found = 0;
    int64_t changed = 0;
  };
  absl::StatusOr<Progress> Lower(v1::Level level, absl::Time now) const;

  ActivityArchive& activity_;
  db::Pool& pool_;
  db::GroupCommitter& committer_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_JOB_H_
