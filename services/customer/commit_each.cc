#include "services/customer/commit_each.h"

#include <latch>
#include <utility>

#include "common/db/db_error.h"

namespace crm::customer {

absl::StatusOr<Committed> CommitEach(db::GroupCommitter& committer,
                                     std::vector<db::WriteSet> changes, absl::Time deadline) {
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
    } else if (db::ClassOf(result) == db::DbErrorClass::kWriteConflict) {
      ++committed.conflicts;
    } else {
      return result;
    }
  }
  return committed;
}

}  // namespace crm::customer
