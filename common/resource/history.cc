#include "common/resource/history.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::resource {
namespace {

constexpr db::Query kHistoryPage{"history_page", R"sql(
  SELECT version, change_time, actor, via, changes
  FROM history
  WHERE resource_id = ? AND version < ?
  ORDER BY version DESC
  LIMIT ?)sql"};

constexpr db::Query kHistorySince{"history_since", R"sql(
  SELECT changes
  FROM history
  WHERE resource_id = ? AND version > ?)sql"};

const db::InsertSpec& HistorySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "history",
      {"resource_id", "version", "resource_type", "change_time", "actor", "via", "changes"},
      // A version that is there means that the resource has moved on. Its versioned UPDATE, which
      // comes after the inserts, says so as what it is: a conflict, not a duplicate.
      "ON DUPLICATE KEY UPDATE version = VALUES(version)"};
  return spec;
}

absl::StatusOr<std::set<std::string>> ChangedSince(db::Connection& db, int64_t id,
                                                   int64_t version) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kHistorySince, {id, version}));
  std::set<std::string> fields;
  while (rows.Next()) {
    crm::types::v1::ChangeList list;
    list.ParseFromString(rows.String(0));
    for (const auto& change : list.changes()) fields.insert(change.field());
  }
  return fields;
}

}  // namespace

void AddHistory(db::WriteSet& writes, std::string_view resource_type, RowKey key,
                const ChangeSource& source, const crm::types::v1::ChangeList& changes) {
  writes.Insert(HistorySpec(), {key.id, key.version, resource_type, source.time, source.actor,
                                source.via, changes.SerializeAsString()});
}

absl::StatusOr<std::vector<crm::types::v1::HistoryEntry>> ReadHistory(db::Connection& db,
                                                                      int64_t resource_id,
                                                                      int64_t before_version,
                                                                      int limit) {
  const int64_t before = before_version > 0 ? before_version : std::numeric_limits<int64_t>::max();
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kHistoryPage, {resource_id, before, limit}));
  std::vector<crm::types::v1::HistoryEntry> entries;
  while (rows.Next()) {
    crm::types::v1::HistoryEntry& entry = entries.emplace_back();
    entry.set_version(rows.Int(0));
    const int64_t micros = rows.Int(1);
    entry.mutable_time()->set_seconds(micros / 1'000'000);
    entry.mutable_time()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
    entry.set_actor(rows.String(2));
    entry.set_via(rows.String(3));
    crm::types::v1::ChangeList list;
    if (!list.ParseFromString(rows.String(4))) {
      return Error(absl::StatusCode::kDataLoss, "STORED_VALUE_MALFORMED",
                   "a history entry cannot be read");
    }
    *entry.mutable_changes() = std::move(*list.mutable_changes());
  }
  return entries;
}

absl::Status CheckEtag(db::Connection& db, RowKey current, std::string_view etag,
                       std::string_view etag_path, const std::vector<std::string>& written_fields) {
  if (etag.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const int64_t version, ParseEtag(etag, etag_path));
  if (version == current.version) return absl::OkStatus();
  if (version > current.version) {
    return InvalidField(etag_path, "ETAG_UNKNOWN", "read the resource again for its etag");
  }
  CRM_ASSIGN_OR_RETURN(const std::set<std::string> changed, ChangedSince(db, current.id, version));
  std::vector<std::string> clashes;
  for (const std::string& field : written_fields) {
    if (changed.count(field) > 0) clashes.push_back(field);
  }
  if (clashes.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "ETAG_STALE",
               "fields of this write were changed since the resource was read; read it again")
      .Meta("changed_fields", absl::StrJoin(clashes, ","))
      .Meta("current_etag", EtagOf(current.version));
}

}  // namespace crm::resource
