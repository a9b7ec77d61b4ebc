#include "services/sales/insight_store.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"
#include "common/text/decimal.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/sales/report_store.h"
#include "services/sales/report_sums.h"

namespace crm::sales {
namespace {

using filter::Fragment;

constexpr int kMoneyScale = 2;
constexpr int kFirstMonth = 0;
constexpr int kLastMonth = 999912;

int64_t Cents(const db::Rows& row, int column) {
  const auto value = text::ParseDecimal(row.String(column), kMoneyScale);
  return value.ok() ? *value : 0;
}

void AndEqual(std::string_view column, const std::string& value, Fragment& condition) {
  if (!value.empty()) condition.And({absl::StrCat(ToAbsl(column), " = ?"), {value}});
}

void AndScope(const auth::RowScope& scope, Fragment& condition, std::string_view alias = "") {
  condition.And(filter::ScopeCondition(schema::MessageSchema::Of<v1::Opportunity>(), scope, alias));
}

// Whether an opportunity has been in its stage for longer than the stage's limit.
Fragment IsStuck(const v1::Pipeline& pipeline, absl::CivilDay today, absl::TimeZone zone) {
  Fragment stuck;
  for (const v1::Stage& stage : pipeline.stages()) {
    if (stage.kind() != v1::STAGE_KIND_OPEN || stage.max_dwell_days() == 0) continue;
    stuck.Append(stuck.empty() ? "(" : " OR ");
    stuck.Append("(stage = ? AND stage_enter_time < ?)", stage.code());
    stuck.values.emplace_back(absl::FromCivil(today - stage.max_dwell_days(), zone));
  }
  if (stuck.empty()) return {"FALSE", {}};
  stuck.Append(")");
  return stuck;
}

// How many are in each stage, from the sums of the funnel.
Fragment SelectInStages(const v1::GetBottlenecksRequest& request, const auth::RowScope& scope) {
  return SelectSums(
      {.table = FunnelSums(),
       .by = {{"stage", "stage"}},
       .about = {request.owner(), request.team(), scope},
       .where = {"pipeline = ? AND stage_kind = ?", {request.pipeline(), v1::STAGE_KIND_OPEN}}});
}

// The rows of those that are stuck.
Fragment ThoseStuck(const v1::GetBottlenecksRequest& request, const Fragment& is_stuck,
                    const auth::RowScope& scope) {
  Fragment where{"stage_kind = ? AND pipeline = ?", {v1::STAGE_KIND_OPEN, request.pipeline()}};
  where.And(is_stuck);
  AndEqual("owner", request.owner(), where);
  AndEqual("team", request.team(), where);
  AndScope(scope, where);
  return where;
}

}  // namespace

absl::StatusOr<std::vector<DwellCell>> ReadDwell(db::Connection& db,
                                                 const v1::GetBottlenecksRequest& request,
                                                 const auth::RowScope& scope) {
  Fragment where{"pipeline = ? AND leave_month BETWEEN ? AND ?",
                 {request.pipeline(), MonthNumber(request.from_month(), kFirstMonth),
                  MonthNumber(request.to_month(), kLastMonth)}};
  const Fragment select =
      SelectSums({.table = DwellSums(),
                  .by = {{"leave_month", "leave_month"}, {"stage", "stage"}, {"days", "days"}},
                  .about = {request.owner(), request.team(), scope},
                  .where = std::move(where)});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"dwell_cells", select.sql}, select.values));
  std::vector<DwellCell> cells;
  while (rows.Next()) {
    cells.push_back({.month = static_cast<int>(rows.Int(0)),
                     .stage = rows.String(1),
                     .days = rows.Int(2),
                     .stays = rows.Int(3),
                     .seconds = rows.Int(4)});
  }
  return cells;
}

absl::StatusOr<std::vector<OpenStage>> ReadOpenStages(db::Connection& db,
                                                      const v1::GetBottlenecksRequest& request,
                                                      const v1::Pipeline& pipeline,
                                                      absl::CivilDay today, absl::TimeZone zone,
                                                      const auth::RowScope& scope) {
  Fragment query{
      "SELECT stage, CAST(SUM(opportunities) AS SIGNED), CAST(SUM(stuck) AS SIGNED),"
      " SUM(stuck_amount) FROM (SELECT stage, opportunities, 0 AS stuck, 0 AS stuck_amount FROM (",
      {}};
  query.Append(SelectInStages(request, scope));
  query.Append(
      ") AS in_stages UNION ALL SELECT stage, 0, COUNT(*), COALESCE(SUM(base_amount), 0)"
      " FROM opportunity WHERE ");
  query.Append(ThoseStuck(request, IsStuck(pipeline, today, zone), scope));
  query.Append(" GROUP BY stage) AS both_of_them GROUP BY stage ORDER BY stage");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"open_stages", query.sql}, query.values));
  std::vector<OpenStage> stages;
  while (rows.Next()) {
    stages.push_back({.stage = rows.String(0),
                      .opportunities = rows.Int(1),
                      .stuck = rows.Int(2),
                      .stuck_amount = Cents(rows, 3)});
  }
  return stages;
}

absl::StatusOr<std::vector<Outcome>> ReadOutcomes(db::Connection& db, const std::string& pipeline,
                                                  const ClosedPeriod& period,
                                                  const auth::RowScope& scope) {
  // Those of which nothing is known of their stages, for an older system closed them, have no part
  // in it.
  const Fragment select =
      SelectClosed({.part = ClosedPart::kFurthestStage,
                    .by = {{"SUBSTRING_INDEX(value, '/', -1)", "furthest_stage"},
                           {"source_channel", "source_channel"},
                           {"stage_kind", "stage_kind"}},
                    .about = {.owner = "", .team = "", .scope = scope},
                    .period = period,
                    .where = {"SUBSTRING_INDEX(value, '/', 1) = ?", {pipeline}}});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"outcomes", select.sql}, select.values));
  std::vector<Outcome> outcomes;
  while (rows.Next()) {
    if (rows.Int(3) == 0) continue;  // all of them have left it
    outcomes.push_back({.furthest_stage = rows.String(0),
                        .source_channel = rows.String(1),
                        .kind = static_cast<v1::StageKind>(rows.Int(2)),
                        .opportunities = rows.Int(3)});
  }
  return outcomes;
}

absl::StatusOr<std::vector<Candidate>> ReadCandidates(db::Connection& db,
                                                      const v1::ListPrioritiesRequest& request,
                                                      const CandidateMark* after, int count,
                                                      const auth::RowScope& scope) {
  // As a range, which the mark narrows: with `=` the index would be read from its beginning.
  Fragment where{"o.stage_kind >= ? AND o.stage_kind <= ?",
                 {v1::STAGE_KIND_OPEN, v1::STAGE_KIND_OPEN}};
  AndEqual("o.owner", request.owner(), where);
  AndEqual("o.team", request.team(), where);
  AndEqual("o.pipeline", request.pipeline(), where);
  if (after != nullptr) {
    const std::string weighted = text::FormatDecimal(after->weighted, kMoneyScale);
    where.And(
        {"o.weighted <= ? AND (o.weighted < ? OR o.id < ?)", {weighted, weighted, after->id}});
  }
  AndScope(scope, where, "o");
  const std::string sql = absl::StrCat(R"sql(
    SELECT o.id, o.number, o.name, o.customer, o.owner, o.pipeline, o.stage, o.base_amount,
           o.probability, o.weighted, o.stage_enter_time, o.expected_close_date, c.tier
    FROM opportunity AS o
    LEFT JOIN customer_copy AS c ON c.number = o.customer
    WHERE )sql",
                                       where.sql, R"sql(
    ORDER BY o.stage_kind DESC, o.weighted DESC, o.id DESC
    LIMIT ?)sql");
  where.values.emplace_back(count);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"priority_candidates", sql}, where.values));
  std::vector<Candidate> candidates;
  while (rows.Next()) {
    candidates.push_back({.id = rows.Int(0),
                          .number = rows.String(1),
                          .name = rows.String(2),
                          .customer = rows.String(3),
                          .owner = rows.String(4),
                          .pipeline = rows.String(5),
                          .stage = rows.String(6),
                          .amount = Cents(rows, 7),
                          .probability = static_cast<int>(rows.Int(8)),
                          .weighted = Cents(rows, 9),
                          .stage_enter_time = rows.Time(10),
                          .expected_close_date = rows.String(11),
                          .tier = static_cast<crm::customer::v1::Tier>(rows.Int(12))});
  }
  return candidates;
}

}  // namespace crm::sales
