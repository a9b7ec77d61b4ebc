#include "common/db/migrator.h"

#include <openssl/sha.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/error/error.h"

namespace crm::db {
namespace {

constexpr absl::Duration kStatementTimeout = absl::Hours(24);  // an ALTER of a large table
constexpr int kLockWaitSeconds = 600;
constexpr int kNoSuchTable = 1146;

constexpr Query kCreateTable{"migration_create_table", R"sql(
  CREATE TABLE IF NOT EXISTS schema_migration (
    name VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    statements_total INT NOT NULL,
    statements_begun INT NOT NULL,
    statements_done INT NOT NULL,
    started_at BIGINT NOT NULL COMMENT 'microseconds UTC',
    applied_at BIGINT NULL COMMENT 'microseconds UTC; NULL: not finished'
  ))sql"};
constexpr Query kApplied{"migration_applied", R"sql(
  SELECT name, checksum, statements_begun, statements_done, applied_at IS NOT NULL
  FROM schema_migration
  ORDER BY name)sql"};
constexpr Query kStart{"migration_start", R"sql(
  INSERT INTO schema_migration
    (name, checksum, statements_total, statements_begun, statements_done, started_at)
  VALUES (?, ?, ?, 0, 0, ?))sql"};
constexpr Query kBegun{"migration_begun", R"sql(
  UPDATE schema_migration SET statements_begun = ? WHERE name = ?)sql"};
constexpr Query kDone{"migration_done", R"sql(
  UPDATE schema_migration SET statements_done = ? WHERE name = ?)sql"};
constexpr Query kFinish{"migration_finish", R"sql(
  UPDATE schema_migration SET applied_at = ? WHERE name = ?)sql"};
// The lock's name is the server's, so it holds the database's.
constexpr Query kLock{"migration_lock", R"sql(
  SELECT GET_LOCK(CONCAT('crm_migration_', LEFT(SHA2(DATABASE(), 256), 32)), ?))sql"};
constexpr Query kUnlock{"migration_unlock", R"sql(
  SELECT RELEASE_LOCK(CONCAT('crm_migration_', LEFT(SHA2(DATABASE(), 256), 32))))sql"};

// Tables take it over. Anything else would take what differs in case or accents for the same.
constexpr Query kCollation{"migration_collation", R"sql(
  SELECT DEFAULT_COLLATION_NAME = 'utf8mb4_bin'
  FROM information_schema.SCHEMATA
  WHERE SCHEMA_NAME = DATABASE())sql"};
constexpr Query kSetCollation{"migration_set_collation",
                              "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"};

struct Progress {
  std::string checksum;
  int64_t statements_begun = 0;
  int64_t statements_done = 0;
  bool finished = false;
};
using Applied = std::map<std::string, Progress, std::less<>>;

std::string Checksum(std::string_view sql) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(sql.data()), sql.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string_view StripRight(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

bool IsBlankOrComment(std::string_view line) {
  while (!line.empty() && absl::ascii_isspace(static_cast<unsigned char>(line.front()))) {
    line.remove_prefix(1);
  }
  return line.empty() || line.starts_with("--");
}

// Statements end with a line that ends in `;` and is no comment.
std::vector<std::string> SplitStatements(std::string_view sql) {
  std::vector<std::string> statements;
  std::string current;
  while (!sql.empty()) {
    const size_t end = std::min(sql.find('\n'), sql.size());
    const std::string_view line = StripRight(sql.substr(0, end));
    sql.remove_prefix(std::min(end + 1, sql.size()));
    const bool says_nothing = IsBlankOrComment(line);
    if (says_nothing && current.empty()) continue;
    const bool ends = !says_nothing && line.ends_with(';');
    absl::StrAppend(&current, current.empty() ? "" : "\n",
                    absl::string_view(line.data(), line.size() - (ends ? 1 : 0)));
    if (ends) statements.push_back(std::exchange(current, {}));
  }
  if (!current.empty()) statements.push_back(std::move(current));
  return statements;
}

absl::Status Refuse(std::string_view reason, std::string_view message, std::string_view name) {
  return Error(absl::StatusCode::kFailedPrecondition, reason,
               absl::StrCat(absl::string_view(message.data(), message.size()), ": ",
                            absl::string_view(name.data(), name.size())))
      .Meta("migration", name);
}

// The number a file name begins with.
std::string_view Prefix(std::string_view name) { return name.substr(0, name.find('_')); }

absl::Status CheckNames(absl::Span<const Migration* const> sorted) {
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (Prefix(sorted[i - 1]->name) == Prefix(sorted[i]->name)) {
      return Refuse("MIGRATION_NUMBER_TWICE", "two migrations have the same number",
                    sorted[i]->name);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<const Migration*>> Sorted(absl::Span<const Migration> migrations) {
  std::vector<const Migration*> sorted;
  for (const Migration& migration : migrations) sorted.push_back(&migration);
  std::sort(sorted.begin(), sorted.end(),
            [](const Migration* a, const Migration* b) { return a->name < b->name; });
  CRM_RETURN_IF_ERROR(CheckNames(sorted));
  return sorted;
}

absl::StatusOr<Applied> LoadApplied(Connection& connection) {
  CRM_ASSIGN_OR_RETURN(Rows rows, connection.Select(kApplied, {}));
  Applied applied;
  while (rows.Next()) {
    applied[rows.String(0)] = {rows.String(1), rows.Int(2), rows.Int(3), rows.Int(4) != 0};
  }
  return applied;
}

// "customer/0001_x.sql" → "customer": each folder is numbered on its own.
std::string_view Series(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

bool SortsBeforeApplied(std::string_view name, const Applied& applied) {
  return std::any_of(applied.begin(), applied.end(), [&](const auto& entry) {
    return Series(entry.first) == Series(name) && name < entry.first;
  });
}

// Nothing changed under us, and nothing new sorts before something applied.
absl::Status CheckHistory(absl::Span<const Migration* const> sorted, const Applied& applied) {
  for (const Migration* migration : sorted) {
    const auto found = applied.find(migration->name);
    if (found == applied.end() && SortsBeforeApplied(migration->name, applied)) {
      return Refuse("MIGRATION_OUT_OF_ORDER", "a migration comes before one that is applied",
                    migration->name);
    }
    if (found != applied.end() && found->second.checksum != Checksum(migration->sql)) {
      return Refuse("MIGRATION_CHANGED", "a migration differs from what was applied",
                    migration->name);
    }
  }
  return absl::OkStatus();
}

// What a DDL statement says when it has been run before: it may have been, if the last run was
// interrupted between the statement and the note of it.
bool SaysItIsDone(const absl::Status& status) {
  switch (DriverCodeOf(status)) {
    case 1007:  // ER_DB_CREATE_EXISTS
    case 1050:  // ER_TABLE_EXISTS_ERROR
    case 1051:  // ER_BAD_TABLE_ERROR, from DROP
    case 1060:  // ER_DUP_FIELDNAME
    case 1061:  // ER_DUP_KEYNAME
    case 1068:  // ER_MULTIPLE_PRI_KEY
    case 1091:  // ER_CANT_DROP_FIELD_OR_KEY
    case 1304:  // ER_SP_ALREADY_EXISTS
    case 1359:  // ER_TRG_ALREADY_EXISTS
    case 1826:  // ER_FK_DUP_NAME, MySQL
    case 3822:  // ER_CHECK_CONSTRAINT_DUP_NAME, MySQL
      return true;
    default:
      return false;
  }
}

// Applies one migration from where it stopped.
class Application {
 public:
  Application(Connection& connection, const Migration& migration, const MigrationProgress& progress)
      : connection_(connection),
        migration_(migration),
        progress_(progress),
        statements_(SplitStatements(migration.sql)) {}

  absl::Status Run(std::optional<Progress> before) {
    if (!before.has_value()) {
      CRM_RETURN_IF_ERROR(Note(
          kStart, {migration_.name, Checksum(migration_.sql), statements_.size(), absl::Now()}));
      before.emplace();
    }
    for (size_t i = static_cast<size_t>(before->statements_done); i < statements_.size(); ++i) {
      const bool may_be_done = i < static_cast<size_t>(before->statements_begun);
      CRM_RETURN_IF_ERROR(RunStatement(i, may_be_done));
    }
    return Note(kFinish, {absl::Now(), migration_.name});
  }

 private:
  // The note and a DML statement are one transaction. DDL commits by itself, hence the note before.
  absl::Status RunStatement(size_t i, bool may_be_done) {
    Report(absl::StrCat("statement ", i + 1, " of ", statements_.size()));
    CRM_RETURN_IF_ERROR(Note(kBegun, {i + 1, migration_.name}));
    CRM_RETURN_IF_ERROR(connection_.Begin());
    absl::Status status = connection_.ExecuteText({"migration", statements_[i]});
    if (may_be_done && SaysItIsDone(status)) status = absl::OkStatus();
    if (status.ok()) status = Note(kDone, {i + 1, migration_.name});
    if (status.ok()) return connection_.Commit();
    connection_.Rollback();
    Report(absl::StrCat("statement ", i + 1, " failed, server error ", DriverCodeOf(status)));
    return status;
  }

  absl::Status Note(const Query& query, std::initializer_list<Value> params) {
    return connection_.Execute(query, params).status();
  }

  void Report(std::string_view what) {
    progress_(absl::StrCat(absl::string_view(migration_.name.data(), migration_.name.size()), ": ",
                           absl::string_view(what.data(), what.size())));
  }

  Connection& connection_;
  const Migration& migration_;
  const MigrationProgress& progress_;
  const std::vector<std::string> statements_;
};

// Of a new schema, however it was made.
absl::Status SetCollation(Connection& connection) {
  CRM_ASSIGN_OR_RETURN(Rows rows, connection.Select(kCollation, {}));
  if (rows.Next() && rows.Int(0) == 1) return absl::OkStatus();
  return connection.ExecuteText(kSetCollation);
}

absl::Status ApplyMissing(Connection& connection, absl::Span<const Migration* const> sorted,
                          const MigrationProgress& progress) {
  CRM_RETURN_IF_ERROR(connection.ExecuteText(kCreateTable));
  CRM_ASSIGN_OR_RETURN(const Applied applied, LoadApplied(connection));
  CRM_RETURN_IF_ERROR(CheckHistory(sorted, applied));
  if (applied.empty()) CRM_RETURN_IF_ERROR(SetCollation(connection));
  for (const Migration* migration : sorted) {
    const auto found = applied.find(migration->name);
    if (found != applied.end() && found->second.finished) continue;
    std::optional<Progress> before;
    if (found != applied.end()) before = found->second;
    CRM_RETURN_IF_ERROR(Application(connection, *migration, progress).Run(std::move(before)));
  }
  return absl::OkStatus();
}

absl::Status Lock(Connection& connection) {
  CRM_ASSIGN_OR_RETURN(Rows rows, connection.Select(kLock, {kLockWaitSeconds}));
  if (rows.Next() && rows.Int(0) == 1) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, "MIGRATION_LOCKED", "another migration is running");
}

// Migrations take longer than requests.
PoolOptions PatientOptions(const PoolOptions& options) {
  PoolOptions patient = options;
  patient.max_connections = 1;
  patient.io_timeout = kStatementTimeout;
  return patient;
}

}  // namespace

absl::Status Migrate(Pool& pool, absl::Span<const Migration> migrations,
                     const MigrationProgress& progress) {
  CRM_ASSIGN_OR_RETURN(const std::vector<const Migration*> sorted, Sorted(migrations));
  Pool patient(PatientOptions(pool.options()), pool.observer());
  CRM_ASSIGN_OR_RETURN(Pool::Lease lease, patient.Acquire(absl::InfiniteFuture()));
  CRM_RETURN_IF_ERROR(Lock(*lease));
  const absl::Status status = ApplyMissing(*lease, sorted, progress);
  // Closing the connection would free the lock too.
  const absl::Status unlocked = lease->Select(kUnlock, {}).status();
  return status.ok() ? unlocked : status;
}

absl::Status CheckSchema(Pool& pool, absl::Span<const Migration> migrations) {
  CRM_ASSIGN_OR_RETURN(const std::vector<const Migration*> sorted, Sorted(migrations));
  CRM_ASSIGN_OR_RETURN(Pool::Lease lease, pool.Acquire(absl::Now() + pool.options().io_timeout));
  absl::StatusOr<Applied> applied = LoadApplied(*lease);
  if (!applied.ok() && DriverCodeOf(applied.status()) == kNoSuchTable) applied.emplace();
  if (!applied.ok()) return applied.status();
  for (const Migration* migration : sorted) {
    const auto found = applied->find(migration->name);
    if (found == applied->end() || !found->second.finished) {
      return Refuse("SCHEMA_TOO_OLD", "a migration is missing in the database", migration->name);
    }
    if (found->second.checksum != Checksum(migration->sql)) {
      return Refuse("MIGRATION_CHANGED", "a migration differs from what was applied",
                    migration->name);
    }
  }
  return absl::OkStatus();
}

}  // namespace crm::db
