// The driver behind Connection. Only this file pair and mysql_rows.h know MySQL Connector/C++.
#ifndef CRM_COMMON_DB_MYSQL_CONNECTION_H_
#define CRM_COMMON_DB_MYSQL_CONNECTION_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/db/mysql_rows.h"
#include "common/db/pool.h"
#include "common/db/watchdog.h"

namespace sql {
class Connection;
class SQLException;
class Statement;
}  // namespace sql

namespace crm::db {

// Statements that change rows are told from those that do not: losing the connection means
// different things.
enum class Effect { kRead, kWrite };

class MysqlConnection final : public Connection {
 public:
  static constexpr size_t kMaxPrepared = 256;

  // Connects and sets the session up. kUnavailable when that fails. `watchdog` and `observer` may
  // be null and outlive the connection.
  static absl::StatusOr<std::unique_ptr<MysqlConnection>> Open(const PoolOptions& options,
                                                               absl::Duration connect_timeout,
                                                               Watchdog* watchdog,
                                                               StatementObserver* observer);
  ~MysqlConnection() override;

  using Connection::Execute;
  using Connection::Select;
  absl::StatusOr<Rows> Select(const Query& query, absl::Span<const Value> params) override;
  absl::StatusOr<int64_t> Execute(const Query& query, absl::Span<const Value> params) override;
  absl::StatusOr<int64_t> ExecuteRows(const Query& query,
                                      absl::Span<const Values* const> rows) override;
  absl::Status ExecuteText(const Query& query) override;
  absl::Status Begin() override;
  absl::Status Commit() override;
  void Rollback() override;
  bool in_transaction() const override { return in_transaction_; }
  void SetDeadline(absl::Time deadline) override;
  bool usable() const override { return usable_; }

  const Watchdog::Target& target() const { return target_; }
  absl::Time opened_at() const { return opened_at_; }
  size_t prepared_count() const { return prepared_.size(); }

 private:
  using PreparedList = std::list<std::shared_ptr<PreparedEntry>>;

  MysqlConnection(Watchdog* watchdog, StatementObserver* observer);

  absl::Status Connect(const PoolOptions& options, absl::Duration connect_timeout);
  absl::Status SetUpSession();
  absl::Status CheckTls();

  // Runs `action` on the prepared statement under the deadline, once more if the statement went
  // stale, and tells the observer.
  template <typename T, typename Params, typename Action>
  absl::StatusOr<T> RunPrepared(const Query& query, const Params& params, Effect effect,
                                Action action);
  template <typename T, typename Params, typename Action>
  absl::StatusOr<T> TryPrepared(const Query& query, const Params& params, Effect effect,
                                Action action);
  absl::Status RunText(const Query& query, Effect effect, int64_t kill_at_micros);
  absl::Status CheckReady(std::string_view query_name, absl::Time now) const;
  // Takes back a kill that came after its statement had ended: the next one would see it.
  void AbsorbUnlessSeen(const absl::Status& killed_statement);
  absl::Status Fail(std::string_view query_name, int driver_code, Effect effect);

  std::shared_ptr<PreparedEntry> Prepare(std::string_view sql);
  void Forget(std::string_view sql);

  Watchdog* const watchdog_;
  StatementObserver* const observer_;
  const absl::Time opened_at_;
  std::unique_ptr<sql::Connection> connection_;
  std::unique_ptr<sql::Statement> text_;
  Watchdog::Target target_;
  std::shared_ptr<Watchdog::Slot> slot_;

  // Most recently used first; the keys are the entries' own texts.
  PreparedList recent_;
  absl::flat_hash_map<std::string_view, PreparedList::iterator> prepared_;

  int64_t deadline_micros_ = Watchdog::kNever;
  bool in_transaction_ = false;
  bool usable_ = true;
};

}  // namespace crm::db

#endif  // CRM_COMMON_DB_MYSQL_CONNECTION_H_
