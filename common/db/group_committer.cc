#include "common/db/group_committer.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/db/retry.h"
#include "common/error/error.h"

namespace crm::db {
namespace {

constexpr size_t kMaxRowsOfInsert = 256;
constexpr size_t kMaxParams = 65'535;
// Far below max_allowed_packet of any server: too large a packet would cost the connection.
constexpr size_t kMaxBytesOfInsert = 1 << 20;
constexpr absl::Duration kRetryHint = absl::Milliseconds(100);

using RowPointers = std::vector<const Values*>;

size_t BytesOf(const Value& value) {
  const auto* text = std::get_if<std::string>(&value.get());
  return text == nullptr ? sizeof(int64_t) : text->size();
}

size_t BytesOf(const Values& row) {
  size_t bytes = 0;
  for (const Value& value : row) bytes += BytesOf(value);
  return bytes;
}

// Row counts of multi-row inserts: any up to four, then two to each doubling. So few statements are
// prepared, and what is left over by one mostly fits into a second.
size_t RoundRowsDown(size_t rows) {
  if (rows <= 4) return rows;
  const size_t step = std::bit_floor(rows) / 2;
  return rows / step * step;
}

// How many of `rows` go into the next statement; at least one.
size_t NextChunk(absl::Span<const Values* const> rows, size_t columns) {
  const size_t by_params = std::max<size_t>(1, kMaxParams / std::max<size_t>(1, columns));
  const size_t most = std::min({rows.size(), kMaxRowsOfInsert, by_params});
  size_t count = 1;
  size_t bytes = BytesOf(*rows[0]);
  while (count < most && (bytes += BytesOf(*rows[count])) <= kMaxBytesOfInsert) ++count;
  return RoundRowsDown(count);
}

std::string InsertSql(const InsertSpec& spec, size_t rows) {
  std::string one = "(";
  for (size_t i = 0; i < spec.columns.size(); ++i) one += i == 0 ? "?" : ", ?";
  one += ")";
  std::string sql = absl::StrCat("INSERT INTO ", std::string(spec.table), " (",
                                 absl::StrJoin(spec.columns, ", "), ") VALUES ", one);
  for (size_t i = 1; i < rows; ++i) absl::StrAppend(&sql, ", ", one);
  if (!spec.on_duplicate.empty()) absl::StrAppend(&sql, " ", spec.on_duplicate);
  return sql;
}

absl::Status WithTable(absl::Status status, const InsertSpec& spec) {
  if (ClassOf(status) != DbErrorClass::kDuplicateKey) return status;
  return MakeDuplicateKeyError("insert", spec.table, DriverCodeOf(status));
}

// One multi-row statement. It is named after its table, whose text lives as long as the process.
absl::Status InsertChunk(Connection& connection, const InsertSpec& spec,
                         absl::Span<const Values* const> rows) {
  const std::string sql = InsertSql(spec, rows.size());
  return WithTable(connection.ExecuteRows({spec.table, sql}, rows).status(), spec);
}

// Rows too long and too short could add up to the right number of parameters.
absl::Status CheckWidth(const InsertSpec& spec, const RowPointers& rows) {
  for (const Values* row : rows) {
    if (row->size() != spec.columns.size()) return MakeDbError(DbErrorClass::kBug, spec.table, 0);
  }
  return absl::OkStatus();
}

absl::Status InsertRows(Connection& connection, const InsertSpec& spec,
                        absl::Span<const Values* const> rows) {
  while (!rows.empty()) {
    const size_t chunk = NextChunk(rows, spec.columns.size());
    CRM_RETURN_IF_ERROR(InsertChunk(connection, spec, rows.subspan(0, chunk)));
    rows.remove_prefix(chunk);
  }
  return absl::OkStatus();
}

// What an upsert does not write is what tells its rows apart.
std::vector<size_t> KeyColumns(const InsertSpec& spec) {
  std::vector<size_t> keys;
  for (size_t i = 0; i < spec.columns.size(); ++i) {
    const bool written = absl::StrContains(spec.on_duplicate, absl::StrCat(spec.columns[i], " = "));
    if (!written) keys.push_back(i);
  }
  return keys;
}

bool HasLowerKey(const Values& a, const Values& b, const std::vector<size_t>& keys) {
  for (const size_t column : keys) {
    if (a[column] != b[column]) return a[column].get() < b[column].get();
  }
  return false;
}

// Where many callers write the same rows (sums), groups must meet them in one order: they wait for
// each other then, instead of locking each other out. Rows with the same key keep their order: the
// later one may overwrite the earlier.
void SortByKey(const InsertSpec& spec, RowPointers& rows) {
  const std::vector<size_t> keys = KeyColumns(spec);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Values* a, const Values* b) { return HasLowerKey(*a, *b, keys); });
}

absl::Status InsertAll(Connection& connection, absl::Span<const WriteSet* const> writes) {
  std::vector<std::pair<const InsertSpec*, RowPointers>> tables;  // in order of first appearance
  absl::flat_hash_map<const InsertSpec*, size_t> index;
  for (const WriteSet* write : writes) {
    for (const WriteSet::Insertion& insertion : write->inserts()) {
      const auto [at, is_new] = index.try_emplace(insertion.spec, tables.size());
      if (is_new) tables.push_back({insertion.spec, {}});
      tables[at->second].second.push_back(&insertion.row);
    }
  }
  for (auto& [spec, rows] : tables) {
    CRM_RETURN_IF_ERROR(CheckWidth(*spec, rows));
    if (!spec->on_duplicate.empty() && rows.size() > 1) SortByKey(*spec, rows);
    CRM_RETURN_IF_ERROR(InsertRows(connection, *spec, rows));
  }
  return absl::OkStatus();
}

absl::Status ExecuteAll(Connection& connection, absl::Span<const WriteSet* const> writes) {
  for (const WriteSet* write : writes) {
    for (const WriteSet::Statement& statement : write->statements()) {
      CRM_ASSIGN_OR_RETURN(const int64_t matched,
                           connection.Execute({statement.name, statement.sql}, statement.params));
      if (matched == 0 && statement.expect == Expect::kSomeRow) {
        return MakeDbError(DbErrorClass::kWriteConflict, statement.name, 0);
      }
    }
  }
  return absl::OkStatus();
}

std::vector<const std::string*> EventsOf(absl::Span<const WriteSet* const> writes) {
  std::vector<const std::string*> events;
  for (const WriteSet* write : writes) {
    for (const std::string& event : write->events()) events.push_back(&event);
  }
  return events;
}

absl::Status StoreEvents(Connection& connection, absl::Span<const WriteSet* const> writes,
                         const OutboxHook& outbox) {
  const std::vector<const std::string*> events = EventsOf(writes);
  if (events.empty()) return absl::OkStatus();
  if (outbox == nullptr) return MakeDbError(DbErrorClass::kBug, "outbox", 0);
  WriteSet out;
  outbox(events, out);
  const WriteSet* const stored[] = {&out};
  CRM_RETURN_IF_ERROR(InsertAll(connection, stored));
  return ExecuteAll(connection, stored);
}

absl::Status WriteAndCommit(Connection& connection, absl::Span<const WriteSet* const> writes,
                            const OutboxHook& outbox) {
  CRM_RETURN_IF_ERROR(InsertAll(connection, writes));
  CRM_RETURN_IF_ERROR(ExecuteAll(connection, writes));
  CRM_RETURN_IF_ERROR(StoreEvents(connection, writes, outbox));
  return connection.Commit();
}

struct Pending {
  WriteSet writes;
  absl::Time deadline;
  GroupCommitter::Done done;
};

absl::Time LatestDeadline(absl::Span<const Pending> group) {
  absl::Time latest = absl::InfinitePast();
  for (const Pending& pending : group) latest = std::max(latest, pending.deadline);
  return latest;
}

// Whether a smaller group may do better.
bool WorthSplitting(const absl::Status& status) {
  switch (ClassOf(status)) {
    case DbErrorClass::kDuplicateKey:
    case DbErrorClass::kWriteConflict:
    case DbErrorClass::kRetryable:
    case DbErrorClass::kConnectionLost:
    case DbErrorClass::kBug:
      return true;
    case DbErrorClass::kNone:
    case DbErrorClass::kCommitUnknown:
    case DbErrorClass::kTimeout:
    case DbErrorClass::kUnavailable:
      return false;
  }
  return false;
}

// The work of one committer thread. Keeps its connection while there is work.
class Committer {
 public:
  Committer(Pool& pool, const GroupCommitterOptions& options) : pool_(pool), options_(options) {}

  void CommitGroup(absl::Span<Pending> group) {
    const absl::Status status = CommitWithRetries(group);
    if (status.ok() || group.size() == 1 || !WorthSplitting(status)) {
      for (Pending& pending : group) pending.done(status);
      return;
    }
    if (pool_.observer() != nullptr) pool_.observer()->OnRetry("group_split");
    const size_t half = group.size() / 2;
    CommitGroup(group.subspan(0, half));
    CommitGroup(group.subspan(half));
  }

  void GiveConnectionBack() { lease_.reset(); }

 private:
  absl::Status CommitWithRetries(absl::Span<const Pending> group) {
    const absl::Time deadline = LatestDeadline(group);
    Retry retry(deadline);
    while (true) {
      absl::Status status = TryCommit(group, deadline);
      // A whole group does not wait for a lock twice: its halves find out whose lock it is.
      const bool waited = DriverCodeOf(status) == kLockWaitTimeout && group.size() > 1;
      if (waited || !retry.Again(status)) return status;
      if (pool_.observer() != nullptr) pool_.observer()->OnRetry("group");
    }
  }

  absl::Status TryCommit(absl::Span<const Pending> group, absl::Time deadline) {
    if (!lease_.has_value()) {
      CRM_ASSIGN_OR_RETURN(lease_, pool_.Acquire(deadline));
    }
    std::vector<const WriteSet*> writes;
    writes.reserve(group.size());
    for (const Pending& pending : group) writes.push_back(&pending.writes);
    Connection& connection = **lease_;
    connection.SetDeadline(deadline);
    absl::Status status = CommitOn(connection, writes, options_.outbox);
    if (!connection.usable() || connection.in_transaction()) lease_.reset();
    if (status.ok()) TellAboutEvents(writes);
    return status;
  }

  void TellAboutEvents(absl::Span<const WriteSet* const> writes) {
    const bool any = std::any_of(writes.begin(), writes.end(),
                                 [](const WriteSet* write) { return !write->events().empty(); });
    if (any && options_.on_committed_events != nullptr) options_.on_committed_events();
  }

  static constexpr int kLockWaitTimeout = 1205;

  Pool& pool_;
  const GroupCommitterOptions& options_;
  std::optional<Pool::Lease> lease_;
};

absl::Status QueueFull() {
  return Error(absl::StatusCode::kResourceExhausted, "COMMIT_QUEUE_FULL",
               "too many changes are waiting to be stored")
      .RetryAfter(kRetryHint);
}

}  // namespace

class GroupCommitter::Impl {
 public:
  Impl(Pool& pool, GroupCommitterOptions options) : pool_(pool), options_(std::move(options)) {
    for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
  }

  ~Impl() {
    {
      MutexLock lock(&mutex_);
      stop_ = true;
      arrived_.SignalAll();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  void CommitAsync(WriteSet writes, absl::Time deadline, Done done) {
    if (writes.empty()) return done(absl::OkStatus());
    {
      MutexLock lock(&mutex_);
      if (queue_.size() < options_.max_queue) {
        queue_.push_back({std::move(writes), deadline, std::move(done)});
        arrived_.Signal();
        return;
      }
    }
    done(QueueFull());
  }

 private:
  void Run() {
    Committer committer(pool_, options_);
    while (true) {
      std::vector<Pending> group = TakeWaiting();
      if (group.empty()) {
        committer.GiveConnectionBack();
        if (!WaitForWork()) return;
        continue;
      }
      const auto live = RefuseExpired(group);
      if (!live.empty()) committer.CommitGroup(live);
    }
  }

  std::vector<Pending> TakeWaiting() {
    MutexLock lock(&mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), options_.max_group));
    std::vector<Pending> group(std::make_move_iterator(queue_.begin()),
                               std::make_move_iterator(queue_.begin() + count));
    queue_.erase(queue_.begin(), queue_.begin() + count);
    return group;
  }

  // False when there is none and will be none.
  bool WaitForWork() {
    MutexLock lock(&mutex_);
    while (queue_.empty() && !stop_) arrived_.Wait(&mutex_);
    return !queue_.empty();
  }

  // Gives back those that are still wanted.
  static absl::Span<Pending> RefuseExpired(std::vector<Pending>& group) {
    const absl::Time now = absl::Now();
    const auto expired =
        std::stable_partition(group.begin(), group.end(),
                              [now](const Pending& pending) { return pending.deadline > now; });
    for (auto it = expired; it != group.end(); ++it) {
      it->done(MakeDbError(DbErrorClass::kTimeout, "commit_queue", 0));
    }
    return absl::MakeSpan(group).subspan(0, static_cast<size_t>(expired - group.begin()));
  }

  Pool& pool_;
  const GroupCommitterOptions options_;
  Mutex mutex_;
  CondVar arrived_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

GroupCommitter::GroupCommitter(Pool& pool, GroupCommitterOptions options)
    : impl_(std::make_unique<Impl>(pool, std::move(options))) {}
GroupCommitter::~GroupCommitter() = default;

void GroupCommitter::CommitAsync(WriteSet writes, absl::Time deadline, Done done) {
  impl_->CommitAsync(std::move(writes), deadline, std::move(done));
}

absl::Status GroupCommitter::Commit(WriteSet writes, absl::Time deadline) {
  Notification finished;
  absl::Status outcome;
  CommitAsync(std::move(writes), deadline, [&](absl::Status status) {
    outcome = std::move(status);
    finished.Notify();
  });
  finished.WaitForNotification();
  return outcome;
}

absl::Status CommitOn(Connection& connection, absl::Span<const WriteSet* const> writes,
                      const OutboxHook& outbox) {
  CRM_RETURN_IF_ERROR(connection.Begin());
  absl::Status status = WriteAndCommit(connection, writes, outbox);
  if (!status.ok()) connection.Rollback();
  return status;
}

}  // namespace crm::db
