#include "common/db/pool.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/db/mysql_connection.h"
#include "common/db/retry.h"
#include "common/db/watchdog.h"
#include "common/error/error.h"

namespace crm::db {
namespace {

constexpr int kUnknownThread = 1094;
constexpr absl::Duration kKillTimeout = absl::Seconds(2);

absl::Status PoolExhausted() {
  return WithClass(Error(absl::StatusCode::kUnavailable, "DB_POOL_EXHAUSTED",
                         "no database connection became free before the deadline"),
                   DbErrorClass::kUnavailable, 0);
}

// Sends KILL QUERY over a connection of its own, made when first needed. Used by one thread.
class QueryKiller {
 public:
  explicit QueryKiller(PoolOptions options) : options_(std::move(options)) {
    options_.io_timeout = std::min(options_.io_timeout, kKillTimeout);
  }

  bool operator()(const Watchdog::Target& target) {
    if (TryKill(target)) return true;
    connection_.reset();
    return TryKill(target);
  }

 private:
  bool TryKill(const Watchdog::Target& target) {
    if (connection_ == nullptr) {
      auto opened = MysqlConnection::Open(
          options_, std::min(options_.connect_timeout, kKillTimeout), nullptr, nullptr);
      if (!opened.ok()) return false;
      connection_ = *std::move(opened);
    }
    if (connection_->target().server != target.server) return false;
    const std::string sql = absl::StrCat("KILL QUERY ", target.connection_id);
    const absl::Status status = connection_->ExecuteText({"kill_query", sql});
    return status.ok() || DriverCodeOf(status) == kUnknownThread;
  }

  PoolOptions options_;
  std::shared_ptr<MysqlConnection> connection_;  // shared: std::function copies its target
};

}  // namespace

class Pool::Impl {
 public:
  Impl(PoolOptions options, StatementObserver* observer)
      : options_(std::move(options)), observer_(observer), watchdog_(QueryKiller(options_)) {}

  ~Impl() {
    MutexLock lock(&mutex_);
    while (in_use_ > 0) all_back_.Wait(&mutex_);
    idle_.clear();  // before the watchdog, which they are registered with
  }

  absl::StatusOr<std::unique_ptr<Connection>> Acquire(absl::Time deadline) {
    const absl::Time start = absl::Now();
    absl::StatusOr<std::unique_ptr<Connection>> connection = TryAcquire(start, deadline);
    if (observer_ != nullptr) observer_->OnAcquire(absl::Now() - start, connection.ok());
    return connection;
  }

  void Return(std::unique_ptr<Connection> connection) {
    const bool keep = connection->usable() && !connection->in_transaction();
    const bool lost = !connection->usable();
    connection->SetDeadline(absl::InfiniteFuture());
    std::vector<Idle> closing;  // outside the lock, as it talks to the server
    if (!keep) closing.push_back({std::move(connection), {}});
    {
      MutexLock lock(&mutex_);
      if (lost) DropIdle(closing);
      if (keep) Keep(std::move(connection), closing);
      if (closing.empty()) return ReleasePermit();
    }
    closing.clear();
    MutexLock lock(&mutex_);
    ReleasePermit();
  }

  const PoolOptions& options() const { return options_; }
  StatementObserver* observer() const { return observer_; }

  int in_use() const {
    MutexLock lock(&mutex_);
    return in_use_;
  }
  int open() const {
    MutexLock lock(&mutex_);
    return in_use_ + static_cast<int>(idle_.size());
  }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    absl::Time since;
  };
  struct Waiter {
    CondVar turn;
    bool granted = false;
  };

  absl::StatusOr<std::unique_ptr<Connection>> TryAcquire(absl::Time now, absl::Time deadline) {
    std::vector<Idle> closing;
    std::unique_ptr<Connection> connection;
    {
      MutexLock lock(&mutex_);
      if (!TakePermit(deadline)) return PoolExhausted();
      connection = TakeIdle(now, closing);
    }
    closing.clear();
    if (connection == nullptr) {
      CRM_ASSIGN_OR_RETURN(connection, OpenOrReleasePermit(now, deadline));
    }
    connection->SetDeadline(deadline);
    return connection;
  }

  bool TakePermit(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (in_use_ < options_.max_connections && waiters_.empty()) {
      ++in_use_;
      return true;
    }
    Waiter self;
    waiters_.push_back(&self);
    while (!self.granted) {
      if (self.turn.WaitWithDeadline(&mutex_, deadline) && !self.granted) {
        std::erase(waiters_, &self);
        return false;
      }
    }
    return true;
  }

  // Hands the permit to the one that has waited longest.
  void ReleasePermit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!waiters_.empty()) {
      waiters_.front()->granted = true;
      waiters_.front()->turn.Signal();
      waiters_.pop_front();
      return;
    }
    if (--in_use_ == 0) all_back_.Signal();
  }

  // The one used last: its caches are warm, and those not needed grow old and are closed.
  std::unique_ptr<Connection> TakeIdle(absl::Time now, std::vector<Idle>& closing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (!idle_.empty()) {
      Idle last = std::move(idle_.back());
      idle_.pop_back();
      if (!IsOld(last, now)) return std::move(last.connection);
      closing.push_back(std::move(last));
    }
    return nullptr;
  }

  bool IsOld(const Idle& idle, absl::Time now) const {
    const auto& connection = static_cast<const MysqlConnection&>(*idle.connection);
    return now - idle.since > options_.max_idle || now - connection.opened_at() > options_.max_age;
  }

  void Keep(std::unique_ptr<Connection> connection, std::vector<Idle>& closing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Time now = absl::Now();
    idle_.push_back({std::move(connection), now});
    if (IsOld(idle_.front(), now)) {
      closing.push_back(std::move(idle_.front()));
      idle_.pop_front();
    }
  }

  void DropIdle(std::vector<Idle>& closing) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (Idle& idle : idle_) closing.push_back(std::move(idle));
    idle_.clear();
  }

  absl::StatusOr<std::unique_ptr<Connection>> OpenOrReleasePermit(absl::Time now,
                                                                  absl::Time deadline) {
    const absl::Duration timeout = std::min(options_.connect_timeout, deadline - now);
    auto opened = MysqlConnection::Open(options_, timeout, &watchdog_, observer_);
    if (opened.ok()) return *std::move(opened);
    MutexLock lock(&mutex_);
    ReleasePermit();
    return opened.status();
  }

  const PoolOptions options_;
  StatementObserver* const observer_;
  Watchdog watchdog_;
  mutable Mutex mutex_;
  CondVar all_back_;
  std::deque<Idle> idle_ ABSL_GUARDED_BY(mutex_);  // the one used last at the back
  std::deque<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);
  int in_use_ ABSL_GUARDED_BY(mutex_) = 0;  // permits: borrowed, being opened, being closed
};

Pool::Lease::Lease(Pool* pool, std::unique_ptr<Connection> connection)
    : pool_(pool), connection_(std::move(connection)) {}

Pool::Lease& Pool::Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  Return();
  pool_ = other.pool_;
  connection_ = std::move(other.connection_);
  return *this;
}

Pool::Lease::~Lease() { Return(); }

void Pool::Lease::Return() {
  if (connection_ != nullptr) pool_->impl_->Return(std::move(connection_));
}

Pool::Pool(PoolOptions options, StatementObserver* observer)
    : impl_(std::make_unique<Impl>(std::move(options), observer)) {}
Pool::~Pool() = default;

absl::StatusOr<Pool::Lease> Pool::Acquire(absl::Time deadline) {
  CRM_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, impl_->Acquire(deadline));
  return Lease(this, std::move(connection));
}

const PoolOptions& Pool::options() const { return impl_->options(); }
int Pool::in_use() const { return impl_->in_use(); }
int Pool::open() const { return impl_->open(); }
StatementObserver* Pool::observer() const { return impl_->observer(); }

namespace {

absl::Status TryTransaction(Pool& pool, absl::Time deadline,
                            const std::function<absl::Status(Connection&)>& body) {
  CRM_ASSIGN_OR_RETURN(Pool::Lease lease, pool.Acquire(deadline));
  CRM_RETURN_IF_ERROR(lease->Begin());
  absl::Status status = body(*lease);
  if (status.ok()) status = lease->Commit();
  if (!status.ok()) lease->Rollback();
  return status;
}

}  // namespace

absl::Status RunInTransaction(Pool& pool, absl::Time deadline,
                              const std::function<absl::Status(Connection&)>& body) {
  Retry retry(deadline);
  while (true) {
    absl::Status status = TryTransaction(pool, deadline, body);
    if (!retry.Again(status)) return status;
    if (pool.observer() != nullptr) pool.observer()->OnRetry("transaction");
  }
}

}  // namespace crm::db
