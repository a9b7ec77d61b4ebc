#include "common/db/commit_each.h"

#include <latch>
#include <utility>

#include "common/db/db_error.h"

namespace crm::db {

absl::StatusOr<Committed> CommitEach(GroupCommitter& committer, std::vector<WriteSet> changes,
                                     absl::Time deadline) {
  std::vector<absl::Status> results(changes.size());
  std::latch done(static_cast<std::ptrdiff_t>(changes.size()));
  for (size_t i = 0; i < changes.size(); ++i) {
    committer.CommitAsync(std::move(changes[i]), deadline,
                          [&results, &done, i](absl::Status status) {
                            results[i] = std::move(status);
                            done.count_down();
                          });
  }
  done.wait();
  Committed committed;
  for (const absl::Status& result : results) {
    if (result.ok()) {
      ++committed.changed;
    } else if (ClassOf(result) == DbErrorClass::kWriteConflict ||
               ClassOf(result) == DbErrorClass::kDuplicateKey) {
      ++committed.conflicts;
    } else {
      return result;
    }
  }
  return committed;
}

}  // namespace crm::db
