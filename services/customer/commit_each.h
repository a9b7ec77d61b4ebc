// Commits of background work over many customers, each alone, so that a conflict costs only that
// one; together they are as fast as a group.
#ifndef CRM_SERVICES_CUSTOMER_COMMIT_EACH_H_
#define CRM_SERVICES_CUSTOMER_COMMIT_EACH_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/write_set.h"

namespace crm::customer {

struct Committed {
  int64_t changed = 0;
  int64_t conflicts = 0;  // somebody else changed them meanwhile
};

// Waits for all. Fails with the first error that is no conflict; what was committed stays.
absl::StatusOr<Committed> CommitEach(db::GroupCommitter& committer,
                                     std::vector<db::WriteSet> changes, absl::Time deadline);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_COMMIT_EACH_H_
