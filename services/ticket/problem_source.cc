#include "services/ticket/problem_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

// Both tables call the columns alike.
Fragment Wanted(const ReportFilter& filter) {
  Fragment condition{"TRUE", {}};
  if (!filter.team.empty()) condition.And({"team = ?", {filter.team}});
  if (filter.type != v1::TICKET_TYPE_UNSPECIFIED) condition.And({"type = ?", {filter.type}});
  return condition;
}

// What teams of the scope have, whoever in them.
Fragment OfTeams(auth::RowScope scope) {
  if (scope.kind == auth::RowScope::Kind::kAll) return {"TRUE", {}};
  scope.user_id.clear();
  return filter::ScopeCondition(schema::MessageSchema::Of<v1::Ticket>(), scope);
}

void AddSum(const db::Rows& row, int64_t month, ProblemCounts& counts) {
  if (row.Int(1) != month) {
    counts.created_before += row.Int(2);
    return;
  }
  counts.Add({.created = row.Int(2),
              .done = row.Int(3),
              .seconds = row.Int(4),
              .rated = row.Int(5),
              .satisfaction = row.Int(6)});
}

// Equally frequent ones by hash.
std::vector<std::string> TopOf(const ProblemsByName& terms, int64_t least, size_t limit) {
  std::vector<std::pair<int64_t, std::string>> ranked;
  for (const auto& [term, counts] : terms) {
    if (counts.created >= least) ranked.emplace_back(-counts.created, term);
  }
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > limit) ranked.resize(limit);
  std::vector<std::string> top;
  for (auto& [tickets, term] : ranked) top.push_back(std::move(term));
  return top;
}

}  // namespace

ProblemSource::ProblemSource(db::Connection& db, const ReportFilter& filter)
    : db_(db), summed_(Wanted(filter)) {
  const Fragment of_teams = OfTeams(filter.scope);
  summed_.And(of_teams);
  if (filter.scope.kind == auth::RowScope::Kind::kAll || filter.scope.user_id.empty()) return;
  Fragment beside = Wanted(filter);
  beside.Append(" AND NOT ");
  beside.Append(of_teams);
  own_.emplace(db, filter.scope.user_id, std::move(beside));
}

absl::StatusOr<ProblemsByName> ProblemSource::Count(absl::CivilMonth month, ProblemKind kind,
                                                    const std::vector<std::string>& names) {
  ProblemsByName problems;
  const absl::Span<const std::string> all = names;
  size_t start = 0;
  do {
    CRM_RETURN_IF_ERROR(AddSums(month, kind, all.subspan(start, db::kMaxInSize), problems));
    start += db::kMaxInSize;
  } while (start < all.size());
  CRM_RETURN_IF_ERROR(AddOwn(month, kind, names, problems));
  return problems;
}

absl::Status ProblemSource::AddSums(absl::CivilMonth month, ProblemKind kind,
                                    absl::Span<const std::string> names, ProblemsByName& problems) {
  Fragment query{R"sql(
    SELECT name, month, CAST(SUM(created) AS SIGNED), CAST(SUM(done) AS SIGNED),
           CAST(SUM(seconds) AS SIGNED), CAST(SUM(rated) AS SIGNED),
           CAST(SUM(satisfaction) AS SIGNED)
    FROM problem_sum
    WHERE month IN (?, ?) AND kind = ? AND )sql",
                 {MonthNumber(month - 1), MonthNumber(month), kind}};
  query.Append(summed_);
  if (!names.empty()) query.And(filter::In("name", db::Values(names.begin(), names.end())));
  query.Append(" GROUP BY month, name");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"problem_sums", query.sql}, query.values));
  while (rows.Next()) AddSum(rows, MonthNumber(month), problems[rows.String(0)]);
  return absl::OkStatus();
}

absl::Status ProblemSource::AddOwn(absl::CivilMonth month, ProblemKind kind,
                                   const std::vector<std::string>& names,
                                   ProblemsByName& problems) {
  if (!own_.has_value()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const ProblemsByName* const own, own_->Of(month, kind));
  const std::set<std::string> wanted(names.begin(), names.end());
  for (const auto& [name, counts] : *own) {
    if (wanted.empty() || wanted.contains(name)) problems[name].Add(counts);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ProblemSource::TopTerms(absl::CivilMonth month,
                                                                 int64_t least, size_t limit) {
  CRM_ASSIGN_OR_RETURN(std::vector<std::string> terms, TopSummedTerms(month, least, limit));
  if (!own_.has_value()) return terms;
  // A word that none of the caller's own tickets has is at the top of the sums, or of nothing.
  CRM_ASSIGN_OR_RETURN(const ProblemsByName* const own, own_->Of(month, ProblemKind::kTerm));
  for (const auto& [term, counts] : *own) terms.push_back(term);
  if (terms.empty()) return terms;
  CRM_ASSIGN_OR_RETURN(const ProblemsByName counted, Count(month, ProblemKind::kTerm, terms));
  return TopOf(counted, least, limit);
}

absl::StatusOr<std::vector<std::string>> ProblemSource::TopSummedTerms(absl::CivilMonth month,
                                                                       int64_t least,
                                                                       size_t limit) {
  Fragment query{R"sql(
    SELECT name, SUM(created) AS tickets
    FROM problem_sum
    WHERE month = ? AND kind = ? AND )sql",
                 {MonthNumber(month), ProblemKind::kTerm}};
  query.Append(summed_);
  query.Append(" GROUP BY name HAVING tickets >= ?", least);
  query.Append(" ORDER BY tickets DESC, name LIMIT ?", static_cast<int64_t>(limit));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"problem_top_terms", query.sql}, query.values));
  std::vector<std::string> names;
  while (rows.Next()) names.push_back(rows.String(0));
  return names;
}

}  // namespace crm::ticket
