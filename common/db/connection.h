// One connection to MySQL or MariaDB. The only code that knows the driver lives behind this header;
// its exceptions end here and become typed statuses (common/db/db_error.h).
//
//   auto lease = pool.Acquire(deadline);
//   auto rows = lease->Select(kCustomerByNumber, {number});
//   while (rows->Next()) ids.push_back(rows->Int(0));
//
// Not thread-safe: one thread at a time.
#ifndef CRM_COMMON_DB_CONNECTION_H_
#define CRM_COMMON_DB_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/query.h"
#include "common/db/value.h"

namespace crm::db {

// The result of a SELECT, read forward. Columns count from 0. Buffered: stays valid while other
// statements run on the connection; must not outlive the connection's lease. Cells are copied when
// asked for. A column that does not exist is a bug and ends the process.
class Rows {
 public:
  class Impl;

  explicit Rows(std::unique_ptr<Impl> impl);
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();

  bool Next() noexcept;
  size_t size() const noexcept;  // rows in the whole result

  bool IsNull(int column) const noexcept;
  int64_t Int(int column) const noexcept;         // 0 for NULL
  double Double(int column) const noexcept;       // 0 for NULL
  std::string String(int column) const noexcept;  // empty for NULL; bytes as stored
  std::optional<std::string> OptString(int column) const noexcept;
  std::optional<int64_t> OptInt(int column) const noexcept;
  absl::Time Time(int column) const noexcept;  // from BIGINT microseconds

 private:
  std::unique_ptr<Impl> impl_;
};

class Connection {
 public:
  virtual ~Connection() = default;

  // Runs a statement that gives rows. Prepared once per connection and text.
  virtual absl::StatusOr<Rows> Select(const Query& query, absl::Span<const Value> params) = 0;
  // Runs a statement that changes rows; gives the number of matched rows.
  virtual absl::StatusOr<int64_t> Execute(const Query& query, absl::Span<const Value> params) = 0;

  // The same with the parameters of several rows, one after the other: multi-row inserts, without
  // copying the rows together first.
  virtual absl::StatusOr<int64_t> ExecuteRows(const Query& query,
                                              absl::Span<const Values* const> rows) = 0;

  // Runs a statement as text, without preparing it: DDL and what cannot be prepared. A row result
  // is thrown away.
  virtual absl::Status ExecuteText(const Query& query) = 0;

  // A transaction. Statements outside one commit themselves: when the connection is lost under an
  // Execute there, it may have happened (kCommitUnknown), inside one it has not (kConnectionLost).
  virtual absl::Status Begin() = 0;
  virtual absl::Status Commit() = 0;
  virtual void Rollback() = 0;
  virtual bool in_transaction() const = 0;

  // Statements that run past this are killed in the database and give DEADLINE_EXCEEDED (PLT-9).
  // InfiniteFuture (the default) = the server's own limit.
  virtual void SetDeadline(absl::Time deadline) = 0;

  // False after an error that makes the connection useless: it will not go back to the pool.
  virtual bool usable() const = 0;

  // Braced lists read well at call sites: Select(kQuery, {number, 3}).
  absl::StatusOr<Rows> Select(const Query& query, std::initializer_list<Value> params) {
    return Select(query, absl::MakeConstSpan(params.begin(), params.size()));
  }
  absl::StatusOr<int64_t> Execute(const Query& query, std::initializer_list<Value> params) {
    return Execute(query, absl::MakeConstSpan(params.begin(), params.size()));
  }
};

}  // namespace crm::db

#endif  // CRM_COMMON_DB_CONNECTION_H_
