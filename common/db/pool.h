// A bounded set of connections to one database. Thread-safe.
#ifndef CRM_COMMON_DB_POOL_H_
#define CRM_COMMON_DB_POOL_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"

namespace crm::db {

// mysql://user:password@host:port/database?socket=/path&ssl_ca=/path
struct Address {
  std::string host = "127.0.0.1";
  int port = 3306;
  std::string socket;  // a Unix socket wins over host and port
  std::string user;
  std::string password;
  std::string database;
  std::string ssl_ca;  // set: TLS is required and verified, and checked after connecting

  static absl::StatusOr<Address> Parse(std::string_view url);
  std::string WithoutPassword() const;  // for logs
};

struct PoolOptions {
  Address address;
  int max_connections = 16;
  absl::Duration connect_timeout = absl::Seconds(3);
  absl::Duration io_timeout = absl::Seconds(30);
  absl::Duration max_idle = absl::Minutes(5);
  absl::Duration max_age = absl::Hours(1);
};

// Told about every statement: feeds crm_db_* metrics. Called on the statement's thread.
struct StatementObserver {
  virtual ~StatementObserver() = default;
  virtual void OnStatement(std::string_view query_name, absl::Duration took, bool ok) = 0;
  virtual void OnAcquire(absl::Duration waited, bool ok) = 0;
  virtual void OnRetry(std::string_view what) = 0;
};

class Pool {
 public:
  // A borrowed connection; goes back at the end of its scope, or is closed if it became unusable or
  // was left inside a transaction.
  class Lease {
   public:
    Lease(Pool* pool, std::unique_ptr<Connection> connection);
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();
    Connection* operator->() const { return connection_.get(); }
    Connection& operator*() const { return *connection_; }

   private:
    void Return();
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // `observer` may be null; it outlives the pool.
  explicit Pool(PoolOptions options, StatementObserver* observer = nullptr);
  ~Pool();  // waits for the leases

  // Waits for a free connection until `deadline`, first come first served. The lease's statements
  // run under that deadline. UNAVAILABLE: DB_POOL_EXHAUSTED when none became free in time,
  // DB_UNAVAILABLE when the database cannot be reached (not waited for).
  //
  // A connection is not probed before it is handed out (that would be a round trip): after a
  // restart of the server the first statement of a lease may find it dead, and then all idle
  // connections are dropped.
  absl::StatusOr<Lease> Acquire(absl::Time deadline);

  const PoolOptions& options() const;
  int in_use() const;
  int open() const;  // in use or idle
  StatementObserver* observer() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Runs `body` in one transaction and commits it; runs it again (at most 5 times, with a jittered
// pause) after contention or a connection lost before the commit. The one way to hold locks over
// several statements; prefer a WriteSet.
absl::Status RunInTransaction(Pool& pool, absl::Time deadline,
                              const std::function<absl::Status(Connection&)>& body);

}  // namespace crm::db

#endif  // CRM_COMMON_DB_POOL_H_
