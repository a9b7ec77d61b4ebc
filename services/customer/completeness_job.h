// The job that recomputes which customers are incomplete (CUS-3) when administrators require other
// fields. The flag follows from the customer and the rules: no history, no event, nobody's edit;
// the version rises, so that whoever is changing the customer meanwhile decides anew.
#ifndef CRM_SERVICES_CUSTOMER_COMPLETENESS_JOB_H_
#define CRM_SERVICES_CUSTOMER_COMPLETENESS_JOB_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/job/once_per_mark.h"
#include "common/job/periodic.h"
#include "services/customer/archive.h"

namespace crm::customer {

// Used by one thread.
class CompletenessJob {
 public:
  // All outlive it.
  CompletenessJob(const Archive& archive, db::Pool& pool, db::GroupCommitter& committer)
      : archive_(archive), pool_(pool), committer_(committer) {}

  // Looks at a batch of customers by the rules of the mark: from the first ones or after those of
  // the last call.
  absl::StatusOr<job::Progress> RunPart(int64_t mark, bool from_the_first);

  // The body of a job that is notified of changes of the rules. `holder` names the replica.
  job::JobBody Body(std::string holder);

  // Since the start.
  int64_t changed() const { return changed_; }

 private:
  const Archive& archive_;
  db::Pool& pool_;
  db::GroupCommitter& committer_;
  int64_t after_ = 0;
  int64_t changed_ = 0;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_COMPLETENESS_JOB_H_
