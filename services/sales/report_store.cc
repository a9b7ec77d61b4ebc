#include "services/sales/report_store.h"

#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/filter/fragment.h"
#include "common/text/decimal.h"
#include "services/sales/report_sums.h"

namespace crm::sales {
namespace {

using filter::Fragment;

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;
constexpr int kFirstMonth = 0;
constexpr int kLastMonth = 999912;

int64_t Scaled(const db::Rows& row, int column, int scale) {
  const auto value = text::ParseDecimal(row.String(column), scale);
  return value.ok() ? *value : 0;
}

void AndEqual(std::string_view column, const std::string& value, Fragment& condition) {
  if (!value.empty()) condition.And({absl::StrCat(ToAbsl(column), " = ?"), {value}});
}

std::string PeriodText(int64_t period, v1::ForecastPeriod kind) {
  return absl::StrFormat(kind == v1::FORECAST_PERIOD_QUARTER ? "%04d-Q%d" : "%04d-%02d",
                         period / 100, period % 100);
}

std::string_view GroupColumn(v1::ForecastGroup group) {
  switch (group) {
    case v1::FORECAST_GROUP_OWNER:
      return "owner";
    case v1::FORECAST_GROUP_TEAM:
      return "team";
    default:
      return "''";
  }
}

// The part that has the group; of groups that each part has, the one with fewest values.
ClosedPart PartOf(v1::WinLossGroup group) {
  switch (group) {
    case v1::WIN_LOSS_GROUP_REASON:
      return ClosedPart::kReason;
    case v1::WIN_LOSS_GROUP_COMPETITOR:
      return ClosedPart::kCompetitor;
    case v1::WIN_LOSS_GROUP_PRODUCT:
      return ClosedPart::kProduct;
    case v1::WIN_LOSS_GROUP_OWNER:
    case v1::WIN_LOSS_GROUP_MANAGER:
      return ClosedPart::kOwner;
    case v1::WIN_LOSS_GROUP_TEAM:
      return ClosedPart::kTeam;
    default:
      return ClosedPart::kAmountBand;
  }
}

SumQuery::Group GroupOf(v1::WinLossGroup group) {
  switch (group) {
    case v1::WIN_LOSS_GROUP_UNSPECIFIED:
      return {"''", "nothing"};
    case v1::WIN_LOSS_GROUP_SOURCE:
      return {"source_channel", "source_channel"};
    default:
      return {"value", "value"};
  }
}

std::string_view GroupColumn(v1::LeadGroup group) {
  switch (group) {
    case v1::LEAD_GROUP_OWNER:
    case v1::LEAD_GROUP_MANAGER:
      return "owner";
    case v1::LEAD_GROUP_TEAM:
      return "team";
    case v1::LEAD_GROUP_SOURCE:
      return "source_channel";
    case v1::LEAD_GROUP_MONTH:
      return "CONCAT(lead_month DIV 100, '-', LPAD(lead_month % 100, 2, '0'))";
    default:
      return "''";
  }
}

// The last row of each cell up to a day.
constexpr char kOfDay[] = R"sql(cell.day = (
  SELECT MAX(last.day)
  FROM forecast_snapshot AS last
  WHERE last.breadth = cell.breadth AND last.close_month = cell.close_month
    AND last.owner = cell.owner AND last.team = cell.team AND last.day <= ?))sql";

// 202605 → 202602, the second quarter.
std::string_view TermOf(v1::ForecastPeriod period) {
  return period == v1::FORECAST_PERIOD_QUARTER
             ? "close_month DIV 100 * 100 + (close_month % 100 + 2) DIV 3"
             : "close_month";
}

std::string Rounded(const std::string& weighted) {
  const auto scaled = text::ParseDecimal(weighted, kWeightedScale);
  if (!scaled.ok()) return "";
  return text::FormatDecimal(*text::RoundHalfUp(*scaled, kWeightedScale, kMoneyScale), kMoneyScale);
}

v1::ForecastLine LineOf(const db::Rows& row, v1::ForecastPeriod period) {
  v1::ForecastLine line;
  line.set_period(PeriodText(row.Int(0), period));
  line.set_group(row.String(1));
  line.set_open_count(row.Int(2));
  line.set_expected(row.String(3));
  line.set_weighted(Rounded(row.String(4)));
  line.set_committed(row.String(5));
  line.set_won_count(row.Int(6));
  line.set_closed(row.String(7));
  return line;
}

}  // namespace

int MonthNumber(const std::string& month, int otherwise) {
  int year = 0;
  int of_year = 0;
  if (month.size() != 7 || !absl::SimpleAtoi(month.substr(0, 4), &year) ||
      !absl::SimpleAtoi(month.substr(5), &of_year)) {
    return otherwise;
  }
  return year * 100 + of_year;
}

absl::StatusOr<std::vector<FunnelCell>> ReadFunnelCells(db::Connection& db,
                                                        const v1::GetFunnelRequest& request,
                                                        const auth::RowScope& scope) {
  Fragment where{"pipeline = ? AND lead_month BETWEEN ? AND ?",
                 {request.pipeline(), MonthNumber(request.from_month(), kFirstMonth),
                  MonthNumber(request.to_month(), kLastMonth)}};
  AndEqual("source_channel", request.source_channel(), where);
  const Fragment select = SelectSums({.table = FunnelSums(),
                                      .by = {{"lead_month", "lead_month"},
                                             {"stage", "stage"},
                                             {"furthest_stage", "furthest_stage"}},
                                      .about = {request.owner(), request.team(), scope},
                                      .where = std::move(where)});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"funnel_cells", select.sql}, select.values));
  std::vector<FunnelCell> cells;
  while (rows.Next()) {
    cells.push_back({.month = static_cast<int>(rows.Int(0)),
                     .stage = rows.String(1),
                     .furthest_stage = rows.String(2),
                     .opportunities = rows.Int(3),
                     .amount = Scaled(rows, 4, kMoneyScale),
                     .weighted = Scaled(rows, 5, kWeightedScale)});
  }
  return cells;
}

absl::StatusOr<std::vector<v1::ForecastLine>> ReadForecast(db::Connection& db,
                                                           const v1::GetForecastRequest& request,
                                                           int day, const auth::RowScope& scope) {
  SumQuery query{.table = ForecastSums(),
                 .by = {{TermOf(request.period()), "term"}, {GroupColumn(request.group()), "part"}},
                 .about = {.owner = request.owner(),
                           .team = request.team(),
                           .scope = scope,
                           .each_owner = request.group() == v1::FORECAST_GROUP_OWNER,
                           .each_team = request.group() == v1::FORECAST_GROUP_TEAM},
                 .where = {"close_month BETWEEN ? AND ?",
                           {MonthNumber(request.from_month(), kFirstMonth),
                            MonthNumber(request.to_month(), kLastMonth)}}};
  if (day != kNow) query.where.And({kOfDay, {day}});
  const Fragment select =
      day == kNow ? SelectSums(query) : SelectSumsOf("forecast_snapshot AS cell", query);
  CRM_ASSIGN_OR_RETURN(
      db::Rows rows,
      db.Select({day == kNow ? "forecast" : "forecast_of_day", select.sql}, select.values));
  std::vector<v1::ForecastLine> lines;
  while (rows.Next()) {
    v1::ForecastLine line = LineOf(rows, request.period());
    if (line.open_count() != 0 || line.won_count() != 0) lines.push_back(std::move(line));
  }
  return lines;
}

absl::StatusOr<std::vector<ClosedSum>> ReadClosed(db::Connection& db,
                                                  const v1::GetWinLossRequest& request,
                                                  const ClosedPeriod& period,
                                                  const auth::RowScope& scope) {
  Fragment where;
  AndEqual("source_channel", request.source_channel(), where);
  const Fragment select =
      SelectClosed({.part = PartOf(request.group()),
                    .by = {GroupOf(request.group()), {"stage_kind", "stage_kind"}},
                    .about = {request.owner(), request.team(), scope},
                    .period = period,
                    .where = std::move(where)});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"win_loss", select.sql}, select.values));
  std::vector<ClosedSum> sums;
  while (rows.Next()) {
    ClosedSum sum{.group = rows.String(0),
                  .kind = static_cast<v1::StageKind>(rows.Int(1)),
                  .opportunities = rows.Int(2),
                  .amount = Scaled(rows, 3, kMoneyScale),
                  .cycles = rows.Int(4),
                  .cycle_seconds = rows.Int(5)};
    if (sum.opportunities != 0) sums.push_back(std::move(sum));  // 0: all of them have left it
  }
  return sums;
}

absl::StatusOr<std::vector<LeadSum>> ReadLeads(db::Connection& db,
                                               const v1::GetLeadFollowUpRequest& request,
                                               const auth::RowScope& scope) {
  const v1::LeadGroup group = request.group();
  Fragment where{"lead_month BETWEEN ? AND ?",
                 {MonthNumber(request.from_month(), kFirstMonth),
                  MonthNumber(request.to_month(), kLastMonth)}};
  AndEqual("source_channel", request.source_channel(), where);
  const Fragment select = SelectSums(
      {.table = FollowUpSums(),
       .by = {{GroupColumn(group), "part"}},
       .about = {.owner = request.owner(),
                 .team = request.team(),
                 .scope = scope,
                 .each_owner = group == v1::LEAD_GROUP_OWNER || group == v1::LEAD_GROUP_MANAGER,
                 .each_team = group == v1::LEAD_GROUP_TEAM},
       .where = std::move(where)});
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"lead_follow_up", select.sql}, select.values));
  std::vector<LeadSum> sums;
  while (rows.Next()) {
    sums.push_back({.group = rows.String(0),
                    .leads = rows.Int(1),
                    .followed_up = rows.Int(2),
                    .follow_up_seconds = rows.Int(3)});
  }
  return sums;
}

}  // namespace crm::sales
