// Configuration that is small, read by every call and changed rarely: a snapshot in memory on every
// replica, refreshed by the replica's own changes at once and by a job for those of the others.
//
//   Followed<StaffTree> staff("staff", load, apply);
//   CRM_ASSIGN_OR_RETURN(auto now, staff.Fresh(*db));        // as committed
//   StaffTree after = *now.value; …                          // decide, change, write
//   staff.Change(call, now, std::move(after));
//
// Changes of one kind of configuration are decided one after the other: the commit fails with
// WRITE_CONFLICT, and the handler runs again, if somebody else's came between. So a rule over the
// whole (no cycles, unique labels) holds whatever happens at the same time.
#ifndef CRM_COMMON_RECORD_FOLLOWED_H_
#define CRM_COMMON_RECORD_FOLLOWED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/server/call_context.h"

namespace crm::record {

// How often a kind of configuration has changed; 0 = never.
absl::StatusOr<int64_t> ReadRevision(db::Connection& db, std::string_view name);
// Moves it on from `from`; the commit fails with a conflict if it is no longer there.
void AdvanceRevision(db::WriteSet& writes, std::string_view name, int64_t from);

// Thread-safe.
template <typename T>
class Followed {
 public:
  struct Snapshot {
    int64_t revision = -1;
    std::shared_ptr<const T> value;
  };
  using Load = std::function<absl::StatusOr<T>(db::Connection&)>;
  // Makes a newer value felt. Called with values in the order of their revisions.
  using Apply = std::function<void(const std::shared_ptr<const T>&)>;

  Followed(std::string name, Load load, Apply apply)
      : name_(std::move(name)), load_(std::move(load)), apply_(std::move(apply)) {}

  // In force on this replica. `value` is null before the first Follow.
  Snapshot Current() const {
    const std::shared_lock lock(mutex_);
    return current_;
  }

  // As committed, in force here or not.
  absl::StatusOr<Snapshot> Fresh(db::Connection& db) const {
    Snapshot snapshot = Current();
    // The revision first: rows that are newer than it are noticed by the next change or poll.
    CRM_ASSIGN_OR_RETURN(const int64_t revision, ReadRevision(db, name_));
    if (revision <= snapshot.revision) return snapshot;
    CRM_ASSIGN_OR_RETURN(T value, load_(db));
    return Snapshot{revision, std::make_shared<const T>(std::move(value))};
  }

  // Takes over what was committed since the last time.
  absl::Status Follow(db::Connection& db) {
    CRM_ASSIGN_OR_RETURN(Snapshot fresh, Fresh(db));
    Install(std::move(fresh));
    return absl::OkStatus();
  }

  // `after` replaces `from` with the commit of the call.
  void Change(server::CallContext& call, const Snapshot& from, T after) {
    AdvanceRevision(call.writes(), name_, from.revision);
    Snapshot next{from.revision + 1, std::make_shared<const T>(std::move(after))};
    call.AfterCommit([this, next = std::move(next)] { Install(next); });
  }

 private:
  void Install(Snapshot snapshot) {
    const std::scoped_lock lock(mutex_);
    if (snapshot.revision <= current_.revision) return;
    current_ = std::move(snapshot);
    apply_(current_.value);
  }

  const std::string name_;
  const Load load_;
  const Apply apply_;
  mutable std::shared_mutex mutex_;
  Snapshot current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_FOLLOWED_H_
