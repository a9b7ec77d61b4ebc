// The daily job that lets people grow older (CUS-2): an age that follows from a birthday is stored
// for lists, and right on the day it is computed only. Birthdays are encrypted, so everybody's is
// looked at. Safe on several replicas: who was made older already is not changed again.
#ifndef CRM_SERVICES_CUSTOMER_AGE_JOB_H_
#define CRM_SERVICES_CUSTOMER_AGE_JOB_H_

#include <cstdint>
#include <stop_token>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "services/customer/archive.h"

namespace crm::customer {

class AgeJob {
 public:
  // All outlive it.
  AgeJob(const Archive& archive, db::Pool& pool, db::GroupCommitter& committer)
      : archive_(archive), pool_(pool), committer_(committer) {}

  // Gives the number of customers whose age has changed.
  absl::StatusOr<int64_t> Run(absl::Time now, const std::stop_token& stop) const;

  // When the next people have their birthday: the next business day begins.
  absl::Time NextDue(absl::Time now) const;

  job::JobBody Body() const;

 private:
  // People with a birthday whose key follows `after`; moves it to the last of them.
  absl::StatusOr<std::vector<StoredCustomer>> Next(db::Connection& db, int64_t& after) const;

  const Archive& archive_;
  db::Pool& pool_;
  db::GroupCommitter& committer_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_AGE_JOB_H_
