#include "services/ticket/report_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"
#include "services/ticket/sla/compliance.h"

namespace crm::ticket {
namespace {

using filter::Fragment;

constexpr absl::Duration kDay = absl::Hours(24);

std::string Column(std::string_view alias, std::string_view name) {
  return alias.empty() ? std::string(name) : absl::StrCat(ToAbsl(alias), ".", ToAbsl(name));
}

// The number of bounds that a time has passed: the index of its month.
Fragment PassedBounds(std::string_view time, const std::vector<absl::Time>& bounds) {
  Fragment index;
  index.Append("INTERVAL(");
  index.Append(time);
  for (const absl::Time bound : bounds) index.Append(", ?", bound);
  index.Append(")");
  return index;
}

// What a row's part is called, as text.
Fragment PartOf(std::string_view time, const ReportParts& parts) {
  switch (parts.group) {
    case v1::TICKET_REPORT_GROUP_TEAM:
      return {"team", {}};
    case v1::TICKET_REPORT_GROUP_AGENT:
      return {"assignee", {}};
    case v1::TICKET_REPORT_GROUP_TYPE:
      return {"CAST(type AS CHAR)", {}};
    case v1::TICKET_REPORT_GROUP_PRIORITY:
      return {"CAST(priority AS CHAR)", {}};
    case v1::TICKET_REPORT_GROUP_TIER:
      return {"CAST(tier AS CHAR)", {}};
    default:
      break;
  }
  if (parts.bounds.empty()) return {"''", {}};
  Fragment part{"CAST(", {}};
  part.Append(PassedBounds(time, parts.bounds));
  part.Append(" AS CHAR)");
  return part;
}

Fragment Between(std::string_view column, absl::Time from, absl::Time to) {
  return {absl::StrCat(ToAbsl(column), " >= ? AND ", ToAbsl(column), " < ?"), {from, to}};
}

absl::StatusOr<db::Rows> Run(db::Connection& db, std::string_view name, const Fragment& query) {
  return db.Select({name, query.sql}, query.values);
}

// Rows of tickets that were open at an instant, in two halves: those that are open still, and those
// that were done later.
Fragment OpenAt(const ReportFilter& filter, absl::Time at) {
  Fragment open{"((kind = ? AND time <= ?) OR (kind = ? AND time > ? AND since <= ?))",
                {FactKind::kOpen, at, FactKind::kDone, at, at}};
  open.And(filter.Condition());
  return open;
}

}  // namespace

Fragment ReportFilter::Condition(std::string_view alias) const {
  Fragment condition{"TRUE", {}};
  const auto equal = [&](std::string_view column, db::Value value) {
    condition.And({absl::StrCat(Column(alias, column), " = ?"), {std::move(value)}});
  };
  if (!team.empty()) equal("team", team);
  if (!assignee.empty()) equal("assignee", assignee);
  if (type != v1::TICKET_TYPE_UNSPECIFIED) equal("type", type);
  if (priority != v1::TICKET_PRIORITY_UNSPECIFIED) equal("priority", priority);
  if (tier != crm::customer::v1::TIER_UNSPECIFIED) equal("tier", tier);
  condition.And(filter::ScopeCondition(schema::MessageSchema::Of<v1::Ticket>(), scope, alias));
  return condition;
}

absl::StatusOr<std::vector<FactCount>> CountFacts(db::Connection& db, const ReportFilter& filter,
                                                  const ReportParts& parts) {
  Fragment query;
  query.Append("SELECT ");
  query.Append(PartOf("time", parts));
  query.Append(R"sql( AS part, kind, stands, first_contact, satisfaction,
           CASE WHEN duration < 7200000000 THEN duration DIV 60000000
                WHEN duration < 172800000000 THEN duration DIV 600000000 * 10
                ELSE duration DIV 3600000000 * 60 END AS minutes,
           COUNT(*), CAST(SUM(duration) AS SIGNED)
    FROM ticket_fact
    WHERE kind IN (?)sql",
               static_cast<int>(FactKind::kCreated));
  for (const FactKind kind : {FactKind::kAnswered, FactKind::kDone, FactKind::kRated}) {
    query.Append(", ?", static_cast<int>(kind));
  }
  query.Append(") AND ");
  query.Append(Between("time", parts.from, parts.to));
  query.Append(" AND ");
  query.Append(filter.Condition());
  query.Append(R"sql(
    GROUP BY part, kind, stands, first_contact, satisfaction, minutes
    ORDER BY NULL)sql");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, Run(db, "ticket_report_facts", query));
  std::vector<FactCount> counts;
  counts.reserve(rows.size());
  while (rows.Next()) {
    FactCount& count = counts.emplace_back();
    count.part = rows.String(0);
    count.kind = static_cast<FactKind>(rows.Int(1));
    count.stands = rows.Int(2) == 1;
    count.first_contact = rows.Int(3) == 1;
    count.satisfaction = rows.Int(4);
    if (!rows.IsNull(5)) count.minutes = rows.Int(5);
    count.count = rows.Int(6);
    if (!rows.IsNull(7)) count.duration = absl::Microseconds(rows.Int(7));
  }
  return counts;
}

absl::StatusOr<std::vector<ClockCount>> CountClocks(db::Connection& db, const ReportFilter& filter,
                                                    const ReportParts& parts, absl::Time now) {
  Fragment query;
  query.Append("SELECT ");
  query.Append(PartOf("decided_time", parts));
  query.Append(R"sql( AS part, clock, outcome, COUNT(*)
    FROM ticket_clock
    WHERE )sql");
  query.Append(Between("decided_time", parts.from, parts.to));
  query.Append(" AND ");
  query.Append(filter.Condition());
  query.Append(" GROUP BY part, clock, outcome");
  // Due, not ended, and not written since.
  query.Append(R"sql(
    UNION ALL
    SELECT )sql");
  query.Append(PartOf("due_time", parts));
  query.Append(R"sql( AS part, clock, ?)sql", static_cast<int>(sla::Outcome::kLate));
  query.Append(R"sql(, COUNT(*)
    FROM ticket_clock
    WHERE outcome = ? AND )sql",
               static_cast<int>(sla::Outcome::kPending));
  query.Append(Between("due_time", parts.from, std::min(parts.to, now)));
  query.Append(" AND ");
  query.Append(filter.Condition());
  query.Append(" GROUP BY part, clock");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, Run(db, "ticket_report_clocks", query));
  std::vector<ClockCount> counts;
  while (rows.Next()) {
    counts.push_back({.part = rows.String(0),
                      .clock = static_cast<v1::SlaClock>(rows.Int(1)),
                      .late = rows.Int(2) == static_cast<int>(sla::Outcome::kLate),
                      .count = rows.Int(3)});
  }
  return counts;
}

absl::StatusOr<std::vector<OpenCount>> CountOpen(db::Connection& db, const ReportFilter& filter,
                                                 const ReportParts& parts, absl::Time at) {
  Fragment query;
  query.Append("SELECT ");
  query.Append(PartOf("time", {.from = parts.from, .to = parts.to, .group = parts.group}));
  query.Append(" AS part, COUNT(*), CAST(SUM((? - create_time) DIV 1000000) AS SIGNED)", at);
  query.Append(", MIN(create_time)");
  for (const int days : {1, 3, 7}) {
    query.Append(", CAST(SUM(create_time > ?) AS SIGNED)", at - days * kDay);
  }
  query.Append(" FROM ticket_fact WHERE ");
  query.Append(OpenAt(filter, at));
  query.Append(" GROUP BY part");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, Run(db, "ticket_report_open", query));
  std::vector<OpenCount> counts;
  while (rows.Next()) {
    counts.push_back({.part = rows.String(0),
                      .open = rows.Int(1),
                      .age = absl::Seconds(rows.Int(2)),
                      .oldest = at - rows.Time(3),
                      .under_1_day = rows.Int(4),
                      .under_3_days = rows.Int(5),
                      .under_7_days = rows.Int(6)});
  }
  return counts;
}

absl::StatusOr<std::vector<int64_t>> CountOpenAt(db::Connection& db, const ReportFilter& filter,
                                                 const std::vector<absl::Time>& at) {
  std::vector<int64_t> open(at.size());
  if (at.empty()) return open;
  // A ticket that was open from `since` to `time` was so at every instant that `time` has passed
  // and `since` has not: at those from the number of instants before `since` on.
  std::vector<absl::Time> after;  // INTERVAL counts bounds that are reached, `since` may equal one
  after.reserve(at.size());
  for (const absl::Time instant : at) after.push_back(instant + absl::Microseconds(1));
  Fragment query;
  query.Append("SELECT ");
  query.Append(PassedBounds("IF(kind = 2, time, since)", after));
  query.Append(" AS first, IF(kind = 2, ?, ", static_cast<int64_t>(at.size()));
  query.Append(PassedBounds("time", after));
  query.Append(") AS past, COUNT(*) FROM ticket_fact WHERE ");
  query.Append(Fragment{"((kind = ? AND time <= ?) OR (kind = ? AND time > ? AND since <= ?))",
                        {FactKind::kOpen, at.back(), FactKind::kDone, at.front(), at.back()}});
  query.Append(" AND ");
  query.Append(filter.Condition());
  query.Append(" GROUP BY first, past");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, Run(db, "ticket_report_open_at", query));
  while (rows.Next()) {
    const size_t past = static_cast<size_t>(rows.Int(1));
    for (size_t i = static_cast<size_t>(rows.Int(0)); i < past; ++i) open[i] += rows.Int(2);
  }
  return open;
}

}  // namespace crm::ticket
