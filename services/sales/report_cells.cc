#include "services/sales/report_cells.h"

#include <cstdint>
#include <string>
#include <utility>

#include "common/record/times.h"
#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;  // cents times percent

const db::InsertSpec& FunnelSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"funnel_cell",
                          {"pipeline", "lead_month", "owner", "team", "source_channel", "stage",
                           "furthest_stage", "opportunities", "amount", "weighted"},
                          R"sql(ON DUPLICATE KEY UPDATE
  opportunities = opportunities + VALUES(opportunities),
  amount = amount + VALUES(amount),
  weighted = weighted + VALUES(weighted))sql"};
  return spec;
}

const db::InsertSpec& ForecastSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"forecast_cell",
                          {"close_month", "owner", "team", "open_count", "expected", "weighted",
                           "committed", "won_count", "closed"},
                          R"sql(ON DUPLICATE KEY UPDATE
  open_count = open_count + VALUES(open_count),
  expected = expected + VALUES(expected),
  weighted = weighted + VALUES(weighted),
  committed = committed + VALUES(committed),
  won_count = won_count + VALUES(won_count),
  closed = closed + VALUES(closed))sql"};
  return spec;
}

std::string Money(int64_t cents) { return text::FormatDecimal(cents, kMoneyScale); }

std::string Weighted(int64_t cents, int percent) {
  return text::FormatDecimal(cents * percent, kWeightedScale);
}

int MonthOf(const google::protobuf::Timestamp& time, absl::TimeZone zone) {
  return sales::MonthOf(absl::ToCivilDay(record::TimeOf(time), zone));
}

int CloseMonth(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  if (opportunity.has_close_time()) return MonthOf(opportunity.close_time(), zone);
  absl::CivilDay day;
  absl::ParseCivilTime(opportunity.expected_close_date(), &day);
  return sales::MonthOf(day);
}

// `sign`: 1 puts it in, -1 takes it out.
void CountInFunnel(db::WriteSet& writes, const v1::Opportunity& opportunity, int sign,
                   absl::TimeZone zone) {
  const int64_t amount = sign * CentsOf(opportunity.base_amount());
  writes.Insert(FunnelSpec(),
                {opportunity.pipeline(), MonthOf(opportunity.lead_time(), zone),
                 opportunity.owner(), opportunity.team(), opportunity.source_channel(),
                 opportunity.stage(), opportunity.furthest_stage(), sign, Money(amount),
                 Weighted(amount, opportunity.probability())});
}

// Lost ones count nothing anywhere (SAL-19).
void CountInForecast(db::WriteSet& writes, const v1::Opportunity& opportunity, int sign,
                     absl::TimeZone zone) {
  if (opportunity.stage_kind() == v1::STAGE_KIND_LOST) return;
  const int64_t amount = sign * CentsOf(opportunity.base_amount());
  const bool open = opportunity.stage_kind() == v1::STAGE_KIND_OPEN;
  writes.Insert(
      ForecastSpec(),
      {CloseMonth(opportunity, zone), opportunity.owner(), opportunity.team(), open ? sign : 0,
       Money(open ? amount : 0), Weighted(open ? amount : 0, opportunity.probability()),
       Money(opportunity.committed() ? amount : 0), open ? 0 : sign, Money(open ? 0 : amount)});
}

}  // namespace

int MonthOf(absl::CivilDay day) { return static_cast<int>(day.year()) * 100 + day.month(); }

void UpdateReportCells(db::WriteSet& writes, const v1::Opportunity* before,
                       const v1::Opportunity& after, absl::TimeZone zone) {
  if (before != nullptr) {
    CountInFunnel(writes, *before, -1, zone);
    CountInForecast(writes, *before, -1, zone);
  }
  CountInFunnel(writes, after, 1, zone);
  CountInForecast(writes, after, 1, zone);
}

}  // namespace crm::sales
