#include "services/customer/involvement_store.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/record/followed.h"

namespace crm::customer {
namespace {

constexpr db::Query kOpenAfter{"involvement_open_after", R"sql(
  SELECT kind, revision, number, version, user_id, customer
  FROM involvement
  WHERE kind = ? AND number > ? AND user_id IS NOT NULL
  ORDER BY number
  LIMIT ?)sql"};

constexpr db::Query kChangedSince{"involvement_changed_since", R"sql(
  SELECT kind, revision, number, version, user_id, customer
  FROM involvement
  WHERE (kind = 1 AND revision > ?) OR (kind = 2 AND revision > ?))sql"};

constexpr db::Query kNewestRevisions{"involvement_revisions", R"sql(
  SELECT kind, MAX(revision)
  FROM involvement
  GROUP BY kind)sql"};

constexpr db::Query kPurge{"involvement_purge", R"sql(
  DELETE FROM involvement
  WHERE user_id IS NULL AND update_time < ?
  LIMIT ?)sql"};
constexpr int64_t kPurgedAtOnce = 1'000;

const db::InsertSpec& RowSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "involvement",
      {"kind", "number", "version", "user_id", "customer", "revision", "update_time"},
      "ON DUPLICATE KEY UPDATE version = VALUES(version), user_id = VALUES(user_id),"
      " customer = VALUES(customer), revision = VALUES(revision),"
      " update_time = VALUES(update_time)"};
  return spec;
}

// Of record_revision.
std::string_view RevisionName(WorkKind kind) {
  return kind == WorkKind::kTicket ? "involvement-ticket" : "involvement-opportunity";
}

db::Value TextOrNull(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::vector<StoredInvolvement> ReadRows(db::Rows rows) {
  std::vector<StoredInvolvement> read;
  read.reserve(rows.size());
  while (rows.Next()) {
    read.push_back({static_cast<WorkKind>(rows.Int(0)),
                    rows.Int(1),
                    {rows.String(2), rows.Int(3), rows.String(4), rows.String(5)}});
  }
  return read;
}

using ByNumber = std::map<std::string, Involvement>;

absl::StatusOr<ByNumber> Known(db::Connection& db, WorkKind kind,
                               absl::Span<const Involvement> told) {
  ByNumber known;
  for (size_t start = 0; start < told.size(); start += db::kMaxInSize) {
    const auto some = told.subspan(start, db::kMaxInSize);
    db::Values params = {kind};
    std::string sql =
        "SELECT kind, revision, number, version, user_id, customer FROM involvement"
        " WHERE kind = ? AND number IN (";
    for (size_t i = 0; i < db::PaddedInSize(some.size()); ++i) {
      absl::StrAppend(&sql, i == 0 ? "?" : ", ?");
      params.emplace_back(some[std::min(i, some.size() - 1)].number);
    }
    absl::StrAppend(&sql, ")");
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"involvement_by_number", sql}, params));
    for (StoredInvolvement& row : ReadRows(std::move(rows))) {
      known.emplace(row.said.number, std::move(row.said));
    }
  }
  return known;
}

// What is worth a row: what somebody works on, and what may have been somebody's before, so that
// older events of it change nothing.
bool IsWorthARow(const Involvement& said) { return said.has_user() || said.version > 1; }

// `is_news(said, row)`: whether what is said replaces what is known.
template <typename IsNews>
absl::Status WriteNews(db::Connection& db, db::WriteSet& writes, WorkKind kind,
                       absl::Span<const Involvement> told, absl::Time now, IsNews is_news) {
  CRM_ASSIGN_OR_RETURN(const ByNumber known, Known(db, kind, told));
  std::vector<const Involvement*> news;
  for (const Involvement& said : told) {
    const auto row = known.find(said.number);
    const bool writes_row = row == known.end() ? IsWorthARow(said) : is_news(said, row->second);
    if (writes_row) news.push_back(&said);
  }
  if (news.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const int64_t revision, record::ReadRevision(db, RevisionName(kind)));
  record::AdvanceRevision(writes, RevisionName(kind), revision);
  for (const Involvement* said : news) {
    writes.Insert(RowSpec(), {kind, said->number, said->version, TextOrNull(said->user),
                              TextOrNull(said->customer), revision + 1, now});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status KeepNewer(db::Connection& db, db::WriteSet& writes, WorkKind kind,
                       absl::Span<const Involvement> told, absl::Time now) {
  return WriteNews(db, writes, kind, told, now,
                   [](const Involvement& said, const Involvement& row) {
                     return said.version > row.version && !said.SaysTheSame(row);
                   });
}

absl::Status Replace(db::Connection& db, db::WriteSet& writes, WorkKind kind,
                     absl::Span<const Involvement> told, absl::Time now) {
  return WriteNews(db, writes, kind, told, now,
                   [](const Involvement& said, const Involvement& row) {
                     return said.version != row.version || !said.SaysTheSame(row);
                   });
}

absl::StatusOr<std::vector<StoredInvolvement>> OpenAfter(db::Connection& db, WorkKind kind,
                                                         std::string_view after, int limit) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kOpenAfter, {kind, after, limit}));
  return ReadRows(std::move(rows));
}

absl::StatusOr<std::vector<StoredInvolvement>> ChangedSince(db::Connection& db,
                                                            InvolvementRevisions revisions) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db.Select(kChangedSince, {revisions.ticket, revisions.opportunity}));
  return ReadRows(std::move(rows));
}

absl::StatusOr<InvolvementRevisions> NewestRevisions(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kNewestRevisions, {}));
  InvolvementRevisions newest;
  while (rows.Next()) newest.Of(static_cast<WorkKind>(rows.Int(0))) = rows.Int(1);
  return newest;
}

absl::Status PurgeInvolvement(db::Connection& db, absl::Time before) {
  int64_t purged = kPurgedAtOnce;
  while (purged == kPurgedAtOnce) {
    CRM_ASSIGN_OR_RETURN(purged, db.Execute(kPurge, {before, kPurgedAtOnce}));
  }
  return absl::OkStatus();
}

}  // namespace crm::customer
