#include "common/db/mysql_connection.h"

#include <cppconn/connection.h>
#include <cppconn/exception.h>
#include <cppconn/parameter_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"

namespace crm::db {
namespace {

constexpr Query kBegin{"begin", "BEGIN"};
constexpr Query kCommit{"commit", "COMMIT"};
constexpr Query kRollback{"rollback", "ROLLBACK"};
constexpr Query kNothing{"absorb_late_kill", "DO 0"};

// READ COMMITTED takes no gap locks, which a cluster does not have anyway (PLT-24).
constexpr Query kIsolation{"session_isolation",
                           "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"};
// Short lock waits: a transaction that waits is rerun, and must not hold up its group.
constexpr Query kSession{"session_settings", R"sql(
  SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
      SESSION innodb_lock_wait_timeout = 3)sql"};
constexpr Query kIdentity{"session_identity", R"sql(
  SELECT CONNECTION_ID(), CONCAT(@@hostname, ':', @@port), @@SESSION.sql_mode,
         @@character_set_client, @@character_set_connection)sql"};
constexpr Query kTlsCipher{"session_tls", "SHOW SESSION STATUS LIKE 'Ssl_cipher'"};

constexpr int kServerGone = 2006;           // the statement could not be sent
constexpr int kNoPreparedStatement = 2030;  // not sent: the connection was lost before
constexpr int kNewMetadata = 2057;
constexpr int kUnknownStatement = 1243;
constexpr int kNeedsReprepare = 1615;
constexpr int kIdleTimeout = 4031;  // MySQL closed the connection before the statement came
constexpr int kOutOfSync = 2014;

bool IsStale(int code) {
  return code == kNewMetadata || code == kUnknownStatement || code == kNeedsReprepare;
}

bool WasNeverSent(int code) {
  return code == kServerGone || code == kNoPreparedStatement || code == kIdleTimeout;
}

bool SpoilsConnection(DbErrorClass cls, int code) {
  if (cls == DbErrorClass::kConnectionLost || cls == DbErrorClass::kUnavailable) return true;
  // 0: an error of the driver's own state; client codes: the protocol is out of step.
  return code == 0 || code == kOutOfSync || (code >= 2000 && code < 3000 && !IsStale(code));
}

// The driver is made once and never freed; making it is not thread-safe, a local static is.
sql::Driver& Driver() {
  static sql::Driver* const driver = sql::mysql::get_driver_instance();
  return *driver;
}

int WholeSeconds(absl::Duration duration) {
  return static_cast<int>(
      std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)))));
}

sql::ConnectOptionsMap DriverOptions(const PoolOptions& options, absl::Duration connect_timeout) {
  const Address& address = options.address;
  sql::ConnectOptionsMap map;
  if (address.socket.empty()) {
    const bool v6 = absl::StrContains(address.host, ":");
    map["hostName"] = sql::SQLString(
        absl::StrCat("tcp://", v6 ? "[" : "", address.host, v6 ? "]:" : ":", address.port));
  } else {
    map["hostName"] = sql::SQLString(absl::StrCat("unix://", address.socket));
  }
  map["userName"] = sql::SQLString(address.user);
  map["password"] = sql::SQLString(address.password);
  if (!address.database.empty()) map["schema"] = sql::SQLString(address.database);
  map["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  map["OPT_CONNECT_TIMEOUT"] = WholeSeconds(connect_timeout);
  map["OPT_READ_TIMEOUT"] = WholeSeconds(options.io_timeout);
  map["OPT_WRITE_TIMEOUT"] = WholeSeconds(options.io_timeout);
  map["OPT_LOCAL_INFILE"] = 0;
  map["CLIENT_FOUND_ROWS"] = true;  // an UPDATE counts matched rows, changed or not
  map["CLIENT_MULTI_STATEMENTS"] = false;
  if (!address.ssl_ca.empty()) {
    map["sslCA"] = sql::SQLString(address.ssl_ca);
    map["sslVerify"] = true;
    map["sslEnforce"] = true;
  }
  return map;
}

struct Binder {
  sql::PreparedStatement& statement;
  unsigned int index;  // from 1
  void operator()(std::monostate) const { statement.setNull(index, 0); }
  void operator()(int64_t v) const { statement.setInt64(index, v); }
  void operator()(double v) const { statement.setDouble(index, v); }
  void operator()(const std::string& v) const { statement.setString(index, v); }
};

void BindFrom(unsigned int first, sql::PreparedStatement& statement,
              absl::Span<const Value> params) {
  unsigned int index = first;
  for (const Value& value : params) std::visit(Binder{statement, index++}, value.get());
}

size_t CountOf(absl::Span<const Value> params) { return params.size(); }

void Bind(sql::PreparedStatement& statement, absl::Span<const Value> params) {
  BindFrom(1, statement, params);
}

size_t CountOf(absl::Span<const Values* const> rows) {
  size_t count = 0;
  for (const Values* row : rows) count += row->size();
  return count;
}

void Bind(sql::PreparedStatement& statement, absl::Span<const Values* const> rows) {
  unsigned int first = 1;
  for (const Values* row : rows) {
    BindFrom(first, statement, *row);
    first += static_cast<unsigned int>(row->size());
  }
}

int64_t Update(const std::shared_ptr<PreparedEntry>& entry) {
  return entry->statement->executeUpdate();
}

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlConnection>> MysqlConnection::Open(
    const PoolOptions& options, absl::Duration connect_timeout, Watchdog* watchdog,
    StatementObserver* observer) {
  auto connection = std::unique_ptr<MysqlConnection>(new MysqlConnection(watchdog, observer));
  CRM_RETURN_IF_ERROR(connection->Connect(options, connect_timeout));
  absl::Status ready = connection->SetUpSession();
  if (ready.ok() && !options.address.ssl_ca.empty()) ready = connection->CheckTls();
  if (!ready.ok()) return MakeDbError(DbErrorClass::kUnavailable, "connect", DriverCodeOf(ready));
  if (watchdog != nullptr) connection->slot_ = watchdog->Register(connection->target_);
  return connection;
}

MysqlConnection::MysqlConnection(Watchdog* watchdog, StatementObserver* observer)
    : watchdog_(watchdog), observer_(observer), opened_at_(absl::Now()) {}

MysqlConnection::~MysqlConnection() {
  if (slot_ != nullptr) watchdog_->Unregister(slot_);
}

absl::Status MysqlConnection::Connect(const PoolOptions& options, absl::Duration connect_timeout) {
  sql::ConnectOptionsMap map = DriverOptions(options, connect_timeout);
  try {
    connection_.reset(Driver().connect(map));
    text_.reset(connection_->createStatement());
  } catch (const sql::SQLException& e) {
    return MakeDbError(DbErrorClass::kUnavailable, "connect", e.getErrorCode());
  }
  return absl::OkStatus();
}

absl::Status MysqlConnection::SetUpSession() {
  CRM_RETURN_IF_ERROR(ExecuteText(kIsolation));
  CRM_RETURN_IF_ERROR(ExecuteText(kSession));
  CRM_ASSIGN_OR_RETURN(Rows rows, Select(kIdentity, {}));
  const bool good = rows.Next() && absl::StrContains(rows.String(2), "STRICT_ALL_TABLES") &&
                    rows.String(3) == "utf8mb4" && rows.String(4) == "utf8mb4";
  if (!good) return MakeDbError(DbErrorClass::kUnavailable, kIdentity.name, 0);
  target_ = {rows.String(1), rows.Int(0)};
  return absl::OkStatus();
}

// The driver connects in plain text to a server without TLS, whatever it is told.
absl::Status MysqlConnection::CheckTls() {
  CRM_ASSIGN_OR_RETURN(Rows rows, Select(kTlsCipher, {}));
  if (!rows.Next() || rows.String(1).empty()) {
    return MakeDbError(DbErrorClass::kUnavailable, kTlsCipher.name, 0);
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows> MysqlConnection::Select(const Query& query, absl::Span<const Value> params) {
  return RunPrepared<Rows>(query, params, Effect::kRead, [](std::shared_ptr<PreparedEntry> entry) {
    std::unique_ptr<sql::ResultSet> result(entry->statement->executeQuery());
    return Rows(std::make_unique<Rows::Impl>(std::move(entry), std::move(result)));
  });
}

absl::StatusOr<int64_t> MysqlConnection::Execute(const Query& query,
                                                 absl::Span<const Value> params) {
  return RunPrepared<int64_t>(query, params, Effect::kWrite, Update);
}

absl::StatusOr<int64_t> MysqlConnection::ExecuteRows(const Query& query,
                                                     absl::Span<const Values* const> rows) {
  return RunPrepared<int64_t>(query, rows, Effect::kWrite, Update);
}

absl::Status MysqlConnection::ExecuteText(const Query& query) {
  CRM_RETURN_IF_ERROR(CheckReady(query.name, absl::Now()));
  return RunText(query, Effect::kWrite, deadline_micros_);
}

absl::Status MysqlConnection::Begin() {
  CRM_RETURN_IF_ERROR(CheckReady(kBegin.name, absl::Now()));
  CRM_RETURN_IF_ERROR(RunText(kBegin, Effect::kRead, deadline_micros_));
  in_transaction_ = true;
  return absl::OkStatus();
}

absl::Status MysqlConnection::Commit() {
  CRM_RETURN_IF_ERROR(CheckReady(kCommit.name, absl::Now()));
  in_transaction_ = false;
  // Never killed at the deadline: a commit on its way takes no longer than rolling it back.
  return RunText(kCommit, Effect::kWrite, Watchdog::kNever);
}

void MysqlConnection::Rollback() {
  in_transaction_ = false;
  if (!usable_) return;
  const absl::Status status = RunText(kRollback, Effect::kRead, Watchdog::kNever);
  if (!status.ok()) usable_ = false;
}

void MysqlConnection::SetDeadline(absl::Time deadline) {
  deadline_micros_ = deadline == absl::InfiniteFuture()
                         ? Watchdog::kNever
                         : std::max<int64_t>(0, absl::ToUnixMicros(deadline));
}

template <typename T, typename Params, typename Action>
absl::StatusOr<T> MysqlConnection::RunPrepared(const Query& query, const Params& params,
                                               Effect effect, Action action) {
  const absl::Time start = absl::Now();
  CRM_RETURN_IF_ERROR(CheckReady(query.name, start));
  if (slot_ != nullptr) watchdog_->Arm(*slot_, deadline_micros_);
  absl::StatusOr<T> result = TryPrepared<T>(query, params, effect, action);
  if (!result.ok() && IsStale(DriverCodeOf(result.status()))) {
    Forget(query.sql);
    result = TryPrepared<T>(query, params, effect, action);
  }
  const bool killed = slot_ != nullptr && watchdog_->Disarm(*slot_, deadline_micros_);
  if (killed) AbsorbUnlessSeen(result.status());
  // Some functions end early when killed instead of failing: their rows mean nothing.
  if (killed && result.ok() && effect == Effect::kRead) {
    result = MakeDbError(DbErrorClass::kTimeout, query.name, 0);
  }
  if (observer_ != nullptr) observer_->OnStatement(query.name, absl::Now() - start, result.ok());
  return result;
}

template <typename T, typename Params, typename Action>
absl::StatusOr<T> MysqlConnection::TryPrepared(const Query& query, const Params& params,
                                               Effect effect, Action action) {
  try {
    std::shared_ptr<PreparedEntry> entry = Prepare(query.sql);
    // The driver would quietly use the values of the last run for those that are missing.
    if (CountOf(params) != entry->param_count)
      return MakeDbError(DbErrorClass::kBug, query.name, 0);
    Bind(*entry->statement, params);
    return action(std::move(entry));
  } catch (const sql::SQLException& e) {
    return Fail(query.name, e.getErrorCode(), effect);
  }
}

absl::Status MysqlConnection::RunText(const Query& query, Effect effect, int64_t kill_at_micros) {
  const absl::Time start = absl::Now();
  if (slot_ != nullptr) watchdog_->Arm(*slot_, kill_at_micros);
  absl::Status status;
  try {
    if (text_->execute(sql::SQLString(query.sql.data(), query.sql.size()))) {
      // Rows that nobody takes would poison the connection.
      std::unique_ptr<sql::ResultSet> unwanted(text_->getResultSet());
    }
  } catch (const sql::SQLException& e) {
    status = Fail(query.name, e.getErrorCode(), effect);
  }
  const bool killed = slot_ != nullptr && watchdog_->Disarm(*slot_, kill_at_micros);
  if (killed) AbsorbUnlessSeen(status);
  if (observer_ != nullptr) observer_->OnStatement(query.name, absl::Now() - start, status.ok());
  return status;
}

absl::Status MysqlConnection::CheckReady(std::string_view query_name, absl::Time now) const {
  if (!usable_) return MakeDbError(DbErrorClass::kConnectionLost, query_name, kServerGone);
  if (deadline_micros_ != Watchdog::kNever && absl::ToUnixMicros(now) >= deadline_micros_) {
    return MakeDbError(DbErrorClass::kTimeout, query_name, 0);
  }
  return absl::OkStatus();
}

void MysqlConnection::AbsorbUnlessSeen(const absl::Status& killed_statement) {
  if (!usable_ || ClassOf(killed_statement) == DbErrorClass::kTimeout) return;
  const absl::Status status = RunText(kNothing, Effect::kRead, Watchdog::kNever);
  if (!status.ok() && ClassOf(status) != DbErrorClass::kTimeout) usable_ = false;
}

absl::Status MysqlConnection::Fail(std::string_view query_name, int driver_code, Effect effect) {
  DbErrorClass cls = Classify(driver_code);
  if (SpoilsConnection(cls, driver_code)) usable_ = false;
  const bool may_have_happened =
      effect == Effect::kWrite && !in_transaction_ && !WasNeverSent(driver_code);
  if (cls == DbErrorClass::kConnectionLost && may_have_happened) cls = DbErrorClass::kCommitUnknown;
  return MakeDbError(cls, query_name, driver_code);
}

std::shared_ptr<PreparedEntry> MysqlConnection::Prepare(std::string_view sql) {
  const auto found = prepared_.find(sql);
  const bool cached = found != prepared_.end();
  if (cached && !(*found->second)->busy) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front();
  }
  auto entry = std::make_shared<PreparedEntry>();
  entry->sql = std::string(sql);
  entry->statement.reset(connection_->prepareStatement(entry->sql));
  entry->param_count = entry->statement->getParameterMetaData()->getParameterCount();
  // The cached one is being read: this one lives as long as its rows.
  if (cached) return entry;
  recent_.push_front(entry);
  prepared_.emplace(entry->sql, recent_.begin());
  if (recent_.size() > kMaxPrepared) Forget(std::string(recent_.back()->sql));
  return entry;
}

void MysqlConnection::Forget(std::string_view sql) {
  const auto found = prepared_.find(sql);
  if (found == prepared_.end()) return;
  const auto entry = found->second;
  prepared_.erase(found);
  recent_.erase(entry);
}

}  // namespace crm::db
