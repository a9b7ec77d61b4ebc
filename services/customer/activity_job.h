// The job that puts activity levels right (CUS-5): events raise them, time lowers them, and other
// settings move them either way. Daily, and when the settings change. Safe on several replicas:
// each customer is changed once.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_JOB_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_JOB_H_

#include <cstdint>
#include <stop_token>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/activity_archive.h"

namespace crm::customer {

class ActivityJob {
 public:
  // All outlive it.
  ActivityJob(ActivityArchive& activity, db::Pool& pool, db::GroupCommitter& committer)
      : activity_(activity), pool_(pool), committer_(committer) {}

  // Puts right what is wrong at `now`. Gives the number of customers changed.
  absl::StatusOr<int64_t> Run(absl::Time now, const std::stop_token& stop) const;

  // When the next levels fall: the next business day begins.
  absl::Time NextDue(absl::Time now) const;

  // The body of a job that runs when a day begins or the settings in force have changed.
  job::JobBody Body() const;

 private:
  // Customers of a level whose last contact lies in [from, to): those whose level can be wrong.
  struct Suspects {
    v1::Level level = v1::LEVEL_UNSPECIFIED;
    absl::Time from;
    absl::Time to;
    int64_t after_id = 0;  // among those whose last contact is `from`
  };
  static std::vector<Suspects> SuspectsOf(const ActivityRules& rules, absl::Time now);
  // The next batch, taken off `suspects`.
  absl::StatusOr<std::vector<StoredCustomer>> Take(db::Connection& db, Suspects& suspects) const;
  absl::StatusOr<int64_t> Correct(const ActivityRules& rules, Suspects suspects, absl::Time now,
                                  const std::stop_token& stop) const;
  // Levels that the customers should have, in their order.
  static absl::StatusOr<std::vector<v1::Level>> LevelsOf(
      db::Connection& db, const ActivityRules& rules, const std::vector<StoredCustomer>& customers,
      absl::Time now);

  ActivityArchive& activity_;
  db::Pool& pool_;
  db::GroupCommitter& committer_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_JOB_H_
