// Puts the write sets that are waiting into one transaction (docs/adr/0005).
//
// A group is what has queued up while the last one was being committed; a lone write set is never
// delayed. Inside the transaction: all inserts, merged per InsertSpec in order of first appearance,
// then the statements in order, then the outbox hook's insert. If the group fails, its halves are
// tried, down to single write sets, so that each fails alone. Contention and connections lost
// before the commit are retried here; conflicts and duplicates are given back, so that the handler
// can be run again on fresh data; a connection lost during the commit gives DB_COMMIT_UNKNOWN to
// each.
#ifndef CRM_COMMON_DB_GROUP_COMMITTER_H_
#define CRM_COMMON_DB_GROUP_COMMITTER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"

namespace crm::db {

// Adds what the events of a group need (one outbox row) to the transaction. Pure; called again on
// retries.
using OutboxHook = std::function<void(absl::Span<const std::string* const> events, WriteSet& out)>;

struct GroupCommitterOptions {
  int threads = 2;            // each with a connection of its own
  size_t max_group = 128;     // write sets in one transaction
  size_t max_queue = 10'000;  // beyond: RESOURCE_EXHAUSTED, reason COMMIT_QUEUE_FULL
  OutboxHook outbox;
  std::function<void()> on_committed_events;  // after a commit that wrote events
};

// Thread-safe.
class GroupCommitter {
 public:
  using Done = std::function<void(absl::Status)>;

  GroupCommitter(Pool& pool, GroupCommitterOptions options);
  ~GroupCommitter();  // commits what is queued, then stops

  // `done` runs on a committer thread once the outcome is known: OK = durable. Write sets whose
  // deadline has passed before their turn get DEADLINE_EXCEEDED, nothing written. When the queue is
  // full or the write set empty, `done` runs at once on the caller's thread.
  void CommitAsync(WriteSet writes, absl::Time deadline, Done done);
  absl::Status Commit(WriteSet writes, absl::Time deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The same on a connection the caller holds, as one transaction of its own (imports, jobs). No
// retries: on an error nothing was written (but see DB_COMMIT_UNKNOWN).
absl::Status CommitOn(Connection& connection, absl::Span<const WriteSet* const> writes,
                      const OutboxHook& outbox);

}  // namespace crm::db

#endif  // CRM_COMMON_DB_GROUP_COMMITTER_H_
