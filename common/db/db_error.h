// What a failed statement means to the caller. Every status that leaves common/db carries one class
// (as a payload), a canonical code and a reason; never the driver's text, which can hold values.
#ifndef CRM_COMMON_DB_DB_ERROR_H_
#define CRM_COMMON_DB_DB_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace crm::db {

enum class DbErrorClass {
  kNone,            // not a database error
  kDuplicateKey,    // ALREADY_EXISTS, reason DUPLICATE_KEY
  kWriteConflict,   // ABORTED, WRITE_CONFLICT: an expected row was not there (version moved on)
  kRetryable,       // ABORTED, DB_CONTENTION: deadlock, lock wait, certification failure: run again
  kConnectionLost,  // UNAVAILABLE, DB_CONNECTION_LOST: nothing was committed
  kCommitUnknown,   // UNAVAILABLE, DB_COMMIT_UNKNOWN: lost while committing (or while a statement
                    // outside a transaction ran): may be committed
  kTimeout,         // DEADLINE_EXCEEDED, DB_TIMEOUT: killed at its deadline
  kUnavailable,     // UNAVAILABLE, DB_UNAVAILABLE: cannot connect, pool exhausted, node not ready
  kBug,             // INTERNAL, DB_ERROR: bad statement, constraint that rules should have held
};

DbErrorClass ClassOf(const absl::Status& status);
// The server's or driver's error number, 0 if the status has none.
int DriverCodeOf(const absl::Status& status);

absl::Status MakeDbError(DbErrorClass cls, std::string_view query_name, int driver_code);
// A kDuplicateKey that names the table in ErrorInfo.metadata["table"].
absl::Status MakeDuplicateKeyError(std::string_view query_name, std::string_view table,
                                   int driver_code);
// `status` with a class, for errors whose reason is more special than the class' own.
absl::Status WithClass(absl::Status status, DbErrorClass cls, int driver_code);

// From the server's or the client library's error number.
DbErrorClass Classify(int driver_code);

}  // namespace crm::db

#endif  // CRM_COMMON_DB_DB_ERROR_H_
