#include "common/db/db_error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/error/error.h"

namespace crm::db {
namespace {

constexpr char kPayloadUrl[] = "crm.db.ErrorClass";  // "<class> <driver code>"

struct ClassText {
  absl::StatusCode code;
  std::string_view reason;
  std::string_view message;
};

ClassText TextOf(DbErrorClass cls) {
  switch (cls) {
    case DbErrorClass::kDuplicateKey:
      return {absl::StatusCode::kAlreadyExists, "DUPLICATE_KEY", "a row with this key exists"};
    case DbErrorClass::kWriteConflict:
      return {absl::StatusCode::kAborted, "WRITE_CONFLICT", "the row was changed meanwhile"};
    case DbErrorClass::kRetryable:
      return {absl::StatusCode::kAborted, "DB_CONTENTION", "the database asks to try again"};
    case DbErrorClass::kConnectionLost:
      return {absl::StatusCode::kUnavailable, "DB_CONNECTION_LOST",
              "the connection to the database was lost; nothing was changed"};
    case DbErrorClass::kCommitUnknown:
      return {absl::StatusCode::kUnavailable, "DB_COMMIT_UNKNOWN",
              "the connection to the database was lost; the change may or may not be stored"};
    case DbErrorClass::kTimeout:
      return {absl::StatusCode::kDeadlineExceeded, "DB_TIMEOUT",
              "the database did not answer before the deadline"};
    case DbErrorClass::kUnavailable:
      return {absl::StatusCode::kUnavailable, "DB_UNAVAILABLE", "the database is not available"};
    case DbErrorClass::kNone:
    case DbErrorClass::kBug:
      break;
  }
  return {absl::StatusCode::kInternal, "DB_ERROR", "the database refused a statement"};
}

Error MakeError(DbErrorClass cls, std::string_view query_name, int driver_code) {
  const ClassText text = TextOf(cls);
  return Error(text.code, text.reason, text.message)
      .Meta("query", query_name)
      .Meta("driver_code", absl::StrCat(driver_code));
}

struct Payload {
  DbErrorClass cls = DbErrorClass::kNone;
  int driver_code = 0;
};

Payload PayloadOf(const absl::Status& status) {
  if (status.ok()) return {};
  const auto cord = status.GetPayload(kPayloadUrl);
  if (!cord.has_value()) return {};
  const std::string text(*cord);
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
  int cls = 0;
  int code = 0;
  if (!absl::SimpleAtoi(parts.first, &cls) || !absl::SimpleAtoi(parts.second, &code)) return {};
  return {static_cast<DbErrorClass>(cls), code};
}

// The client library's own numbers: 2000 to 2999, and 5000 up for MariaDB's.
bool IsClientCode(int code) { return (code >= 2000 && code < 3000) || code >= 5000; }

}  // namespace

DbErrorClass ClassOf(const absl::Status& status) { return PayloadOf(status).cls; }

int DriverCodeOf(const absl::Status& status) { return PayloadOf(status).driver_code; }

absl::Status WithClass(absl::Status status, DbErrorClass cls, int driver_code) {
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(static_cast<int>(cls), " ", driver_code)));
  return status;
}

absl::Status MakeDbError(DbErrorClass cls, std::string_view query_name, int driver_code) {
  return WithClass(MakeError(cls, query_name, driver_code), cls, driver_code);
}

absl::Status MakeDuplicateKeyError(std::string_view query_name, std::string_view table,
                                   int driver_code) {
  constexpr DbErrorClass kClass = DbErrorClass::kDuplicateKey;
  return WithClass(MakeError(kClass, query_name, driver_code).Meta("table", table), kClass,
                   driver_code);
}

DbErrorClass Classify(int driver_code) {
  switch (driver_code) {
    case 1062:  // ER_DUP_ENTRY
    case 1586:  // ER_DUP_ENTRY_WITH_KEY_NAME
      return DbErrorClass::kDuplicateKey;

    case 1020:  // ER_CHECKREAD: the row changed since the snapshot
    case 1180:  // ER_ERROR_DURING_COMMIT: a cluster refused the transaction
    case 1205:  // ER_LOCK_WAIT_TIMEOUT
    case 1213:  // ER_LOCK_DEADLOCK, and a failed certification in Galera
    case 1614:  // ER_XA_RBDEADLOCK
    case 3101:  // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: group replication
    case 3572:  // ER_LOCK_NOWAIT
      return DbErrorClass::kRetryable;

    case 1317:  // ER_QUERY_INTERRUPTED
    case 1969:  // ER_STATEMENT_TIMEOUT, MariaDB
    case 3024:  // ER_QUERY_TIMEOUT, MySQL
      return DbErrorClass::kTimeout;

    case 1021:  // ER_DISK_FULL
    case 1026:  // ER_ERROR_ON_WRITE
    case 1030:  // ER_GET_ERRNO: mostly a full disk
    case 1037:  // ER_OUTOFMEMORY
    case 1040:  // ER_CON_COUNT_ERROR
    case 1047:  // ER_UNKNOWN_COM_ERROR: a Galera node that is not ready
    case 1114:  // ER_RECORD_FILE_FULL
    case 1203:  // ER_TOO_MANY_USER_CONNECTIONS
    case 1226:  // ER_USER_LIMIT_REACHED
    case 1290:  // ER_OPTION_PREVENTS_STATEMENT: read-only after a fail-over
    case 1792:  // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    case 1836:  // ER_READ_ONLY_MODE
    case 2002:  // CR_CONNECTION_ERROR
    case 2003:  // CR_CONN_HOST_ERROR
    case 2005:  // CR_UNKNOWN_HOST
      return DbErrorClass::kUnavailable;

    case 1053:  // ER_SERVER_SHUTDOWN
    case 1152:  // ER_ABORTING_CONNECTION
    case 1158:  // ER_NET_READ_ERROR
    case 1159:  // ER_NET_READ_INTERRUPTED
    case 1160:  // ER_NET_ERROR_ON_WRITE
    case 1161:  // ER_NET_WRITE_INTERRUPTED
    case 1184:  // ER_NEW_ABORTING_CONNECTION
    case 1927:  // ER_CONNECTION_KILLED, MariaDB
    case 3169:  // ER_SESSION_WAS_KILLED, MySQL
    case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT, MySQL
      return DbErrorClass::kConnectionLost;

    case 2014:  // CR_COMMANDS_OUT_OF_SYNC: we left rows unread
    case 2020:  // CR_NET_PACKET_TOO_LARGE
    case 2034:  // CR_INVALID_PARAMETER_NO
    case 2057:  // CR_NEW_STMT_METADATA, still there after preparing again
      return DbErrorClass::kBug;

    default:
      return IsClientCode(driver_code) ? DbErrorClass::kConnectionLost : DbErrorClass::kBug;
  }
}

}  // namespace crm::db
