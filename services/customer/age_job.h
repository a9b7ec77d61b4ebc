// The daily job that lets people grow older (CUS-2): an age that follows from a birthday is stored
// for lists, and right on the day it is computed only. Once a business day over all replicas; only
// those are read whose birthday it has been since the last time.
#ifndef CRM_SERVICES_CUSTOMER_AGE_JOB_H_
#define CRM_SERVICES_CUSTOMER_AGE_JOB_H_

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"
#include "common/job/periodic.h"
#include "services/customer/archive.h"

namespace crm::customer {

class AgeJob {
 public:
  // All outlive it.
  AgeJob(const Archive& archive, db::Pool& pool, db::GroupCommitter& committer)
      : archive_(archive), pool_(pool), committer_(committer) {}

  // Puts the ages of those right whose birthday lies in (last, now]. Gives how many have changed.
  absl::StatusOr<int64_t> Run(absl::CivilDay last, absl::Time now,
                              const std::stop_token& stop) const;

  // When the next people have their birthday: the next business day begins.
  absl::Time NextDue(absl::Time now) const;

  // `holder` names the replica.
  job::JobBody Body(std::string holder) const;

 private:
  absl::StatusOr<int64_t> RunDay(absl::CivilDay day, absl::Time now,
                                 const std::stop_token& stop) const;
  absl::StatusOr<std::vector<StoredCustomer>> Read(absl::CivilDay day, int64_t after,
                                                   absl::Time deadline) const;
  // What makes them of their age today.
  std::vector<db::WriteSet> ChangesOf(const std::vector<StoredCustomer>& people,
                                      absl::Time now) const;

  const Archive& archive_;
  db::Pool& pool_;
  db::GroupCommitter& committer_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_AGE_JOB_H_
