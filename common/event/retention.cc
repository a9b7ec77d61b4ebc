#include "common/event/retention.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/db/value.h"
#include "common/job/database_wait.h"

namespace crm::event {
namespace {

constexpr size_t kBatch = db::kMaxInSize;

constexpr db::Query kOldestEvents{"oldest_events", R"sql(
  SELECT id, create_time
  FROM outbox
  WHERE position IS NOT NULL
  ORDER BY position
  LIMIT ?)sql"};

constexpr db::Query kOldestAnswers{"oldest_answers", R"sql(
  SELECT key_hash
  FROM idempotency
  WHERE create_time < ?
  ORDER BY create_time
  LIMIT ?)sql"};

absl::StatusOr<int64_t> DeleteByKey(db::Connection& connection, std::string_view name,
                                    std::string_view prefix, db::Values keys) {
  if (keys.empty()) return 0;
  const size_t padded = db::PaddedInSize(keys.size());
  keys.resize(padded, keys.back());
  std::string sql = absl::StrCat(std::string(prefix), " (?");
  for (size_t i = 1; i < padded; ++i) sql += ", ?";
  sql += ")";
  return connection.Execute({name, sql}, keys);
}

// In order of position and only up to the first that is young enough: what is kept has no gaps.
absl::StatusOr<db::Values> ExpiredEvents(db::Connection& connection, absl::Time before) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select(kOldestEvents, {kBatch}));
  db::Values ids;
  while (rows.Next() && rows.Time(1) < before) ids.emplace_back(rows.Int(0));
  return ids;
}

absl::StatusOr<db::Values> ExpiredAnswers(db::Connection& connection, absl::Time before) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select(kOldestAnswers, {before, kBatch}));
  db::Values keys;
  while (rows.Next()) keys.emplace_back(rows.String(0));
  return keys;
}

}  // namespace

absl::StatusOr<int64_t> PurgeOutbox(db::Pool& pool, absl::Time before) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(db::Values ids, ExpiredEvents(*connection, before));
  return DeleteByKey(*connection, "purge_outbox", "DELETE FROM outbox WHERE id IN", std::move(ids));
}

absl::StatusOr<int64_t> PurgeIdempotency(db::Pool& pool, absl::Time before) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(db::Values keys, ExpiredAnswers(*connection, before));
  return DeleteByKey(*connection, "purge_idempotency", "DELETE FROM idempotency WHERE key_hash IN",
                     std::move(keys));
}

}  // namespace crm::event
