// Numbered, forward-only, checksummed migrations (PLT-19).
//
// A migration file holds statements, each ended by a line that ends in `;` (so no line inside a
// string literal may); lines that begin with `--` are comments. DDL is not transactional,
// so progress is recorded per statement in `schema_migration`, and a run that was interrupted goes
// on where it stopped. Two runs at once wait for each other (GET_LOCK).
#ifndef CRM_COMMON_DB_MIGRATOR_H_
#define CRM_COMMON_DB_MIGRATOR_H_

#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/pool.h"

namespace crm::db {

struct Migration {
  // "customer/0001_customer.sql": applied in order of name; the folders of a service and of the
  // platform are numbered on their own.
  std::string_view name;
  std::string_view sql;
};

// One line of progress for an operator.
using MigrationProgress = std::function<void(std::string_view line)>;

// Applies what is missing. FAILED_PRECONDITION MIGRATION_CHANGED if an applied file's checksum
// differs, MIGRATION_OUT_OF_ORDER if an unapplied one sorts before an applied one.
absl::Status Migrate(Pool& pool, absl::Span<const Migration> migrations,
                     const MigrationProgress& progress);

// OK when everything the binary needs is applied unchanged; newer migrations of a later release are
// fine. FAILED_PRECONDITION SCHEMA_TOO_OLD names the first missing one.
absl::Status CheckSchema(Pool& pool, absl::Span<const Migration> migrations);

}  // namespace crm::db

#endif  // CRM_COMMON_DB_MIGRATOR_H_
