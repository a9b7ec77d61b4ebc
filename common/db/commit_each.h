// Commits of background work over many resources, each alone, so that a conflict costs only that
// one; together they are as fast as a group.
#ifndef CRM_COMMON_DB_COMMIT_EACH_H_
#define CRM_COMMON_DB_COMMIT_EACH_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/group_committer.h"
#include "common/db/write_set.h"

namespace crm::db {

struct Committed {
  int64_t changed = 0;
  int64_t conflicts = 0;  // somebody else changed them, or did the same, meanwhile
};

// Waits for all. Fails with the first error that is no conflict; what was committed stays.
absl::StatusOr<Committed> CommitEach(GroupCommitter& committer, std::vector<WriteSet> changes,
                                     absl::Time deadline);

}  // namespace crm::db

#endif  // CRM_COMMON_DB_COMMIT_EACH_H_
