#include "services/sales/report_cells.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/record/times.h"
#include "common/text/decimal.h"
#include "services/sales/amount_rules.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;  // cents times percent
constexpr int kUnknownMonth = 0;

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

const db::InsertSpec& DwellSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "dwell_cell",
      {"pipeline", "leave_month", "stage", "days", "owner", "team", "stays", "seconds"},
      R"sql(ON DUPLICATE KEY UPDATE
  stays = stays + VALUES(stays),
  seconds = seconds + VALUES(seconds))sql"};
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

int MonthOf(const google::protobuf::Timestamp& time, absl::TimeZone zone) {
  return sales::MonthOf(absl::ToCivilDay(record::TimeOf(time), zone));
}

int LeadMonth(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  return opportunity.has_lead_time() ? MonthOf(opportunity.lead_time(), zone) : kUnknownMonth;
}

// Of a won one whose stages are not known, that it was won; of any other, that it began.
const std::string& FurthestCounted(const v1::Opportunity& opportunity) {
  const bool known = !opportunity.furthest_stage().empty();
  const bool won = opportunity.stage_kind() == v1::STAGE_KIND_WON;
  return won && !known ? opportunity.stage() : opportunity.furthest_stage();
}

int CloseMonth(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  if (opportunity.has_close_time()) return MonthOf(opportunity.close_time(), zone);
  absl::CivilDay day;
  if (!absl::ParseCivilTime(opportunity.expected_close_date(), &day)) return kUnknownMonth;
  return sales::MonthOf(day);
}

// What an opportunity adds to a row of sums: the row's key, and the sums with their scales.
struct Share {
  db::Values key;
  std::vector<int64_t> sums;
};

Share FunnelShare(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  const int64_t amount = CentsOf(opportunity.base_amount());
  return {{opportunity.pipeline(), LeadMonth(opportunity, zone), opportunity.owner(),
           opportunity.team(), opportunity.source_channel(), opportunity.stage(),
           FurthestCounted(opportunity)},
          {1, amount, amount * opportunity.probability()}};
}

// Lost ones count nothing anywhere (SAL-19).
Share ForecastShare(const v1::Opportunity& opportunity, absl::TimeZone zone) {
  const bool lost = opportunity.stage_kind() == v1::STAGE_KIND_LOST;
  const bool open = opportunity.stage_kind() == v1::STAGE_KIND_OPEN;
  const bool won = !lost && !open;
  const int64_t amount = CentsOf(opportunity.base_amount());
  const int64_t open_amount = open ? amount : 0;
  return {{CloseMonth(opportunity, zone), opportunity.owner(), opportunity.team()},
          {open ? 1 : 0, open_amount, open_amount * opportunity.probability(),
           opportunity.committed() && !lost ? amount : 0, won ? 1 : 0, won ? amount : 0}};
}

void AddShare(db::WriteSet& writes, const db::InsertSpec& spec, const std::vector<int>& scales,
              Share share) {
  const bool nothing = std::all_of(share.sums.begin(), share.sums.end(),
                                   [](int64_t sum) { return sum == 0; });
  if (nothing) return;
  db::Values row = std::move(share.key);
  for (size_t i = 0; i < share.sums.size(); ++i) {
    if (scales[i] == 0) {
      row.emplace_back(share.sums[i]);
    } else {
      row.emplace_back(text::FormatDecimal(share.sums[i], scales[i]));
    }
  }
  writes.Insert(spec, std::move(row));
}

// Takes out what was counted and puts in what counts now: one row where both are the same one, none
// where the change touches no sum.
void MoveShare(db::WriteSet& writes, const db::InsertSpec& spec, const std::vector<int>& scales,
               std::optional<Share> before, Share after) {
  if (before.has_value()) {
    for (int64_t& sum : before->sums) sum = -sum;
    if (before->key == after.key) {
      for (size_t i = 0; i < after.sums.size(); ++i) after.sums[i] += before->sums[i];
    } else {
      AddShare(writes, spec, scales, *std::move(before));
    }
  }
  AddShare(writes, spec, scales, std::move(after));
}

// A move counts the stay in the stage it leaves.
void CountEndedStay(db::WriteSet& writes, const v1::Opportunity& before,
                    const v1::Opportunity& after, absl::TimeZone zone) {
  const bool was_open = before.stage_kind() == v1::STAGE_KIND_OPEN;
  if (!was_open || before.stage() == after.stage()) return;
  CountStay(writes, before,
            {.stage = before.stage(),
             .enter = record::TimeOf(before.stage_enter_time()),
             .leave = record::TimeOf(after.stage_enter_time())},
            zone);
}

}  // namespace

int MonthOf(absl::CivilDay day) { return static_cast<int>(day.year()) * 100 + day.month(); }

void CountStay(db::WriteSet& writes, const v1::Opportunity& opportunity, const EndedStay& stay,
               absl::TimeZone zone) {
  const absl::CivilDay left = absl::ToCivilDay(stay.leave, zone);
  writes.Insert(
      DwellSpec(),
      {opportunity.pipeline(), MonthOf(left), stay.stage, left - absl::ToCivilDay(stay.enter, zone),
       opportunity.owner(), opportunity.team(), 1, absl::ToInt64Seconds(stay.leave - stay.enter)});
}

void UpdateReportCells(db::WriteSet& writes, const v1::Opportunity* before,
                       const v1::Opportunity& after, absl::TimeZone zone) {
  static const auto& funnel_scales = *new std::vector<int>{0, kMoneyScale, kWeightedScale};
  static const auto& forecast_scales =
      *new std::vector<int>{0, kMoneyScale, kWeightedScale, kMoneyScale, 0, kMoneyScale};
  std::optional<Share> funnel;
  std::optional<Share> forecast;
  if (before != nullptr) {
    funnel = FunnelShare(*before, zone);
    forecast = ForecastShare(*before, zone);
    CountEndedStay(writes, *before, after, zone);
  }
  MoveShare(writes, FunnelSpec(), funnel_scales, std::move(funnel), FunnelShare(after, zone));
  MoveShare(writes, ForecastSpec(), forecast_scales, std::move(forecast),
            ForecastShare(after, zone));
}

}  // namespace crm::sales
