#include "services/sales/report_sums.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {
namespace {

using filter::Fragment;
using Kind = auth::RowScope::Kind;

constexpr char kJournal[] = "report_journal";
constexpr char kClosedJournal[] = "closed_journal";
constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;  // cents times percent

// Rows of one table that, taken together with those of the other parts, are what is asked about.
struct Part {
  std::string_view from;
  Fragment where;
};

// Cells and journal have the columns of owner and team, too.
Fragment InScope(const auth::RowScope& scope) {
  return filter::ScopeCondition(schema::MessageSchema::Of<v1::Opportunity>(), scope);
}

void AndEqual(std::string_view column, const std::string& value, Fragment& condition) {
  if (!value.empty()) condition.And({absl::StrCat(ToAbsl(column), " = ?"), {value}});
}

Fragment CellsOf(Breadth breadth) {
  Fragment where{"breadth = ?", {breadth}};
  if (breadth != Breadth::kOwner) where.And({"owner = ''", {}});
  if (breadth == Breadth::kAll) where.And({"team = ''", {}});
  return where;
}

bool NeedsOwners(const About& about) {
  return about.each_owner || !about.owner.empty() || about.scope.kind == Kind::kOwn;
}

Breadth BreadthOf(const About& about) {
  if (NeedsOwners(about)) return Breadth::kOwner;
  const bool needs_teams =
      about.each_team || !about.team.empty() || about.scope.kind == Kind::kTeams;
  return needs_teams ? Breadth::kTeam : Breadth::kAll;
}

// A caller whose scope are teams also sees what is their own in other teams: those cells come on
// top of the teams'.
std::vector<Fragment> OfTeams(const auth::RowScope& scope) {
  auth::RowScope teams = scope;
  teams.user_id.clear();
  const Fragment of_teams = InScope(teams);
  Fragment where = CellsOf(Breadth::kTeam);
  where.And(of_teams);
  std::vector<Fragment> parts = {std::move(where)};
  if (scope.user_id.empty()) return parts;
  Fragment own = CellsOf(Breadth::kOwner);
  own.And({"owner = ?", {scope.user_id}});
  own.And({absl::StrCat("NOT (", of_teams.sql, ")"), of_teams.values});
  parts.push_back(std::move(own));
  return parts;
}

// Cells that everything asked about is in once.
std::vector<Fragment> CellsFor(const About& about) {
  const Breadth breadth = BreadthOf(about);
  std::vector<Fragment> parts;
  if (breadth == Breadth::kTeam && about.scope.kind == Kind::kTeams) {
    parts = OfTeams(about.scope);
  } else {
    parts = {CellsOf(breadth)};
    parts.front().And(InScope(about.scope));
  }
  for (Fragment& part : parts) {
    AndEqual("owner", about.owner, part);
    AndEqual("team", about.team, part);
  }
  return parts;
}

// Entries and rows, which have their owner and team.
Fragment ThoseOf(const About& about) {
  Fragment where = InScope(about.scope);
  AndEqual("owner", about.owner, where);
  AndEqual("team", about.team, where);
  return where;
}

// `, SUM(amount) AS amount …`
std::string SumList(const SumTable& table) {
  std::string list;
  for (const SumColumn& column : table.sums) {
    const auto name = ToAbsl(column.name);
    if (column.scale == 0) {
      absl::StrAppend(&list, ", CAST(SUM(", name, ") AS SIGNED) AS ", name);
    } else {
      absl::StrAppend(&list, ", SUM(", name, ") AS ", name);
    }
  }
  return list;
}

std::string GroupNames(const SumQuery& query) {
  std::string names;
  for (const SumQuery::Group& group : query.by) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", ToAbsl(group.name));
  }
  return names;
}

Fragment SelectPart(const SumQuery& query, const Part& part) {
  std::string groups;
  for (const SumQuery::Group& group : query.by) {
    absl::StrAppend(&groups, groups.empty() ? "" : ", ", ToAbsl(group.expression), " AS ",
                    ToAbsl(group.name));
  }
  Fragment select{
      absl::StrCat("SELECT ", groups, SumList(query.table), " FROM ", ToAbsl(part.from)), {}};
  if (!part.where.empty()) {
    select.Append(" WHERE ");
    select.Append(part.where);
  }
  select.Append(absl::StrCat(" GROUP BY ", GroupNames(query)));
  return select;
}

Fragment SelectParts(const SumQuery& query, const std::vector<Part>& parts) {
  Fragment all;
  for (const Part& part : parts) {
    if (!all.empty()) all.Append(" UNION ALL ");
    all.Append(SelectPart(query, part));
  }
  const std::string names = GroupNames(query);
  Fragment select{absl::StrCat("SELECT ", names, SumList(query.table), " FROM ("), {}};
  select.Append(all);
  select.Append(absl::StrCat(") AS sums GROUP BY ", names, " ORDER BY ", names));
  return select;
}

Part PartOf(std::string_view from, Fragment where, const Fragment& condition) {
  where.And(condition);
  return {from, std::move(where)};
}

std::vector<Part> CellParts(std::string_view from, const SumQuery& query) {
  std::vector<Part> parts;
  for (Fragment& cells : CellsFor(query.about)) {
    parts.push_back(PartOf(from, std::move(cells), query.where));
  }
  return parts;
}

}  // namespace

const SumTable& FunnelSums() {
  static const SumTable& table =
      *new SumTable{"funnel_cell",
                    kJournal,
                    {"owner", "team", "pipeline", "lead_month", "source_channel", "stage",
                     "furthest_stage", "stage_kind"},
                    {{"opportunities"}, {"amount", kMoneyScale}, {"weighted", kWeightedScale}}};
  return table;
}

const SumTable& ForecastSums() {
  static const SumTable& table = *new SumTable{"forecast_cell",
                                               kJournal,
                                               {"owner", "team", "close_month"},
                                               {{"open_count"},
                                                {"expected", kMoneyScale},
                                                {"expected_weighted", kWeightedScale},
                                                {"committed", kMoneyScale},
                                                {"won_count"},
                                                {"closed", kMoneyScale}}};
  return table;
}

const SumTable& DwellSums() {
  static const SumTable& table =
      *new SumTable{"dwell_cell",
                    kJournal,
                    {"owner", "team", "pipeline", "leave_month", "stage", "days"},
                    {{"stays"}, {"seconds"}}};
  return table;
}

const SumTable& FollowUpSums() {
  static const SumTable& table = *new SumTable{"follow_up_cell",
                                               kJournal,
                                               {"owner", "team", "lead_month", "source_channel"},
                                               {{"leads"}, {"followed_up"}, {"follow_up_seconds"}}};
  return table;
}

const SumTable& ClosedSums() {
  static const SumTable& table = *new SumTable{
      "closed_cell",
      kClosedJournal,
      {"owner", "team", "part", "close_month", "value", "source_channel", "stage_kind"},
      {{"closed"}, {"amount", kMoneyScale}, {"cycles"}, {"cycle_seconds"}}};
  return table;
}

Fragment SelectSums(const SumQuery& query) {
  std::vector<Part> parts = CellParts(query.table.name, query);
  const Fragment those = ThoseOf(query.about);
  parts.push_back(PartOf(query.table.journal, those, query.where));
  if (query.rows.has_value()) {
    parts.push_back(PartOf(query.rows->from, those, query.rows->where));
  }
  return SelectParts(query, parts);
}

Fragment SelectSumsOf(std::string_view from, const SumQuery& query) {
  return SelectParts(query, CellParts(from, query));
}

}  // namespace crm::sales
