#include "services/ticket/problem_source.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

Fragment In(std::string_view column, const std::vector<std::string>& names) {
  Fragment condition{std::string(column), {}};
  const char* comma = " IN (?";
  for (const std::string& name : names) condition.Append(std::exchange(comma, ", ?"), name);
  condition.Append(")");
  return condition;
}

absl::StatusOr<std::vector<std::string>> Names(absl::StatusOr<db::Rows> rows) {
  CRM_RETURN_IF_ERROR(rows.status());
  std::vector<std::string> names;
  while (rows->Next()) names.push_back(rows->String(0));
  return names;
}

class SummedProblems : public ProblemSource {
 public:
  SummedProblems(db::Connection& db, const ReportFilter& filter) : db_(db) {
    if (!filter.team.empty()) reach_.And({"team = ?", {filter.team}});
    if (filter.type != v1::TICKET_TYPE_UNSPECIFIED) reach_.And({"type = ?", {filter.type}});
  }

  absl::StatusOr<ProblemsByName> Count(absl::CivilMonth month, ProblemKind kind,
                                       const std::vector<std::string>& names) override {
    Fragment query{R"sql(
      SELECT name, month, CAST(SUM(created) AS SIGNED), CAST(SUM(done) AS SIGNED),
             CAST(SUM(seconds) AS SIGNED), CAST(SUM(rated) AS SIGNED),
             CAST(SUM(satisfaction) AS SIGNED)
      FROM problem_sum
      WHERE month IN (?, ?) AND kind = ? AND )sql",
                   {MonthNumber(month - 1), MonthNumber(month), kind}};
    query.Append(reach_);
    if (!names.empty()) {
      query.Append(" AND ");
      query.Append(In("name", names));
    }
    query.Append(" GROUP BY month, name");
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"problem_sums", query.sql}, query.values));
    ProblemsByName problems;
    while (rows.Next()) {
      ProblemCounts& counts = problems[rows.String(0)];
      if (rows.Int(1) != MonthNumber(month)) {
        counts.created_before = rows.Int(2);
        continue;
      }
      counts.created = rows.Int(2);
      counts.done = rows.Int(3);
      counts.seconds = rows.Int(4);
      counts.rated = rows.Int(5);
      counts.satisfaction = rows.Int(6);
    }
    return problems;
  }

  absl::StatusOr<std::vector<std::string>> TopTerms(absl::CivilMonth month, int64_t least,
                                                    int64_t limit) override {
    Fragment query{R"sql(
      SELECT name, SUM(created) AS tickets
      FROM problem_sum
      WHERE month = ? AND kind = ? AND )sql",
                   {MonthNumber(month), ProblemKind::kTerm}};
    query.Append(reach_);
    query.Append(" GROUP BY name HAVING tickets >= ?", least);
    query.Append(" ORDER BY tickets DESC, name LIMIT ?", limit);
    return Names(db_.Select({"problem_top_terms", query.sql}, query.values));
  }

 private:
  db::Connection& db_;
  Fragment reach_{"TRUE", {}};
};

class TicketProblems : public ProblemSource {
 public:
  TicketProblems(db::Connection& db, ReportFilter filter, absl::TimeZone zone)
      : db_(db), filter_(std::move(filter)), zone_(zone) {}

  absl::StatusOr<ProblemsByName> Count(absl::CivilMonth month, ProblemKind kind,
                                       const std::vector<std::string>& names) override {
    switch (kind) {
      case ProblemKind::kCategory:
        return CountBy(month, {"f.category", {}}, {}, {});
      case ProblemKind::kRootCause:
        return CountBy(month, {"CAST(f.root_cause AS CHAR)", {}}, {},
                       {" AND f.type = ?", {v1::TICKET_TYPE_COMPLAINT}});
      case ProblemKind::kTerm:
        break;
    }
    Fragment join{"JOIN ticket_term t ON t.ticket_id = f.ticket_id AND ", {}};
    join.Append(In("t.term", names));
    return CountBy(month, {"t.term", {}}, join, {});
  }

  absl::StatusOr<std::vector<std::string>> TopTerms(absl::CivilMonth month, int64_t least,
                                                    int64_t limit) override {
    Fragment query{R"sql(
      SELECT t.term, COUNT(*) AS tickets
      FROM ticket_fact f
      JOIN ticket_term t ON t.ticket_id = f.ticket_id
      WHERE f.kind = ? AND f.time >= ? AND f.time < ? AND )sql",
                   {FactKind::kCreated, Begin(month), Begin(month + 1)}};
    query.Append(filter_.Condition("f"));
    query.Append(" GROUP BY t.term HAVING tickets >= ?", least);
    query.Append(" ORDER BY tickets DESC, t.term LIMIT ?", limit);
    return Names(db_.Select({"ticket_top_terms", query.sql}, query.values));
  }

 private:
  absl::Time Begin(absl::CivilMonth month) const { return absl::FromCivil(month, zone_); }

  // By an expression over `ticket_fact f`, joined as `join` says.
  absl::StatusOr<ProblemsByName> CountBy(absl::CivilMonth month, const Fragment& expression,
                                         const Fragment& join, const Fragment& condition) {
    const absl::Time from = Begin(month);
    const absl::Time to = Begin(month + 1);
    Fragment query{"SELECT ", {}};
    query.Append(expression);
    query.Append(R"sql( AS name, f.kind, f.time >= ? AS this_month, COUNT(*),
             CAST(SUM(f.duration DIV 1000000) AS SIGNED), CAST(SUM(f.satisfaction) AS SIGNED)
      FROM ticket_fact f )sql",
                 from);
    query.Append(join);
    query.Append(Fragment{" WHERE ((f.kind = ? AND f.time >= ? AND f.time < ?)",
                          {FactKind::kCreated, Begin(month - 1), to}});
    query.Append(Fragment{" OR (f.kind IN (?, ?) AND f.time >= ? AND f.time < ?",
                          {FactKind::kDone, FactKind::kRated, from, to}});
    query.Append(" AND (f.stands = 1 OR f.satisfaction > 0))) AND ");
    query.Append(filter_.Condition("f"));
    query.Append(condition);
    query.Append(" GROUP BY name, f.kind, this_month");
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db_.Select({"ticket_problems", query.sql}, query.values));
    ProblemsByName problems;
    while (rows.Next()) AddRow(rows, problems[rows.String(0)]);
    return problems;
  }

  static void AddRow(const db::Rows& row, ProblemCounts& counts) {
    const int64_t count = row.Int(3);
    switch (static_cast<FactKind>(row.Int(1))) {
      case FactKind::kCreated:
        (row.Int(2) == 1 ? counts.created : counts.created_before) = count;
        break;
      case FactKind::kDone:
        counts.done = count;
        counts.seconds = row.Int(4);
        break;
      default:
        counts.rated = count;
        counts.satisfaction = row.Int(5);
        break;
    }
  }

  db::Connection& db_;
  const ReportFilter filter_;
  const absl::TimeZone zone_;
};

}  // namespace

std::unique_ptr<ProblemSource> MakeProblemSource(db::Connection& db, ReportFilter filter,
                                                 absl::TimeZone zone) {
  if (filter.scope.kind == auth::RowScope::Kind::kAll) {
    return std::make_unique<SummedProblems>(db, filter);
  }
  return std::make_unique<TicketProblems>(db, std::move(filter), zone);
}

int64_t MonthNumber(absl::CivilMonth month) { return month.year() * 12 + month.month() - 1; }

}  // namespace crm::ticket
