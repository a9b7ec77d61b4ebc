#include "services/sales/dwell_rules.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/record/table.h"
#include "common/text/decimal.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

constexpr double kSecondsInDay = 86'400;
constexpr int kMoneyScale = 2;
constexpr int kMedianPercent = 50;
constexpr int kP90Percent = 90;

// How many stays there are of each length.
class Lengths {
 public:
  void Add(const DwellCell& cell) {
    stays_by_days_[cell.days] += cell.stays;
    stays_ += cell.stays;
    seconds_ += cell.seconds;
  }

  int64_t stays() const { return stays_; }
  double mean_days() const {
    return static_cast<double>(seconds_) / kSecondsInDay / static_cast<double>(stays_);
  }
  // The shortest length that at least this share does not exceed.
  int64_t Quantile(int percent) const {
    int64_t seen = 0;
    for (const auto& [days, stays] : stays_by_days_) {
      seen += stays;
      if (seen * 100 >= stays_ * percent) return days;
    }
    return 0;
  }

 private:
  std::map<int64_t, int64_t> stays_by_days_;
  int64_t stays_ = 0;
  int64_t seconds_ = 0;
};

using Places = std::map<std::pair<int, std::string>, Lengths>;  // by month and stage

void AddLengths(const Lengths& lengths, v1::StageDwell& dwell) {
  if (lengths.stays() == 0) return;
  dwell.set_stays(lengths.stays());
  dwell.set_mean_days(lengths.mean_days());
  dwell.set_median_days(lengths.Quantile(kMedianPercent));
  dwell.set_p90_days(lengths.Quantile(kP90Percent));
}

void AddOpen(const OpenStage& open, v1::StageDwell& dwell) {
  dwell.set_open_count(open.opportunities);
  dwell.set_stuck_count(open.stuck);
  dwell.set_stuck_amount(text::FormatDecimal(open.stuck_amount, kMoneyScale));
  if (open.opportunities == 0 || dwell.max_dwell_days() == 0) return;
  dwell.set_stuck_share(static_cast<double>(open.stuck) / static_cast<double>(open.opportunities));
}

void AddTrend(const Places& places, v1::GetBottlenecksResponse& response) {
  for (const auto& [place, lengths] : places) {
    v1::DwellTrend& trend = *response.add_trend();
    trend.set_month(absl::StrFormat("%04d-%02d", place.first / 100, place.first % 100));
    trend.set_stage(place.second);
    trend.set_stays(lengths.stays());
    trend.set_mean_days(lengths.mean_days());
    trend.set_median_days(lengths.Quantile(kMedianPercent));
    trend.set_p90_days(lengths.Quantile(kP90Percent));
  }
}

}  // namespace

std::string StageName(const v1::Stage& stage, schema::Language language) {
  const std::string& english = stage.name_en().empty() ? stage.name_zh() : stage.name_en();
  return std::string(record::InLanguage(language, stage.name_zh(), english));
}

v1::GetBottlenecksResponse BuildBottlenecks(const v1::Pipeline& pipeline,
                                            const std::vector<DwellCell>& cells,
                                            const std::vector<OpenStage>& open,
                                            schema::Language language) {
  std::map<std::string, Lengths> by_stage;
  std::map<std::string, OpenStage> open_by_stage;
  Places places;
  for (const DwellCell& cell : cells) {
    by_stage[cell.stage].Add(cell);
    places[{cell.month, cell.stage}].Add(cell);
  }
  for (const OpenStage& each : open) open_by_stage[each.stage] = each;

  v1::GetBottlenecksResponse response;
  std::set<std::string> gone;
  for (const auto& [code, lengths] : by_stage) gone.insert(code);
  for (const auto& [code, each] : open_by_stage) gone.insert(code);
  const auto add = [&](const std::string& code, std::string name, int max_dwell_days) {
    v1::StageDwell& dwell = *response.add_stages();
    dwell.set_stage(code);
    dwell.set_name(std::move(name));
    dwell.set_max_dwell_days(max_dwell_days);
    AddLengths(by_stage[code], dwell);
    AddOpen(open_by_stage[code], dwell);
    dwell.set_over_limit(max_dwell_days > 0 && dwell.median_days() > max_dwell_days);
  };
  for (const v1::Stage& stage : pipeline.stages()) {
    if (stage.kind() != v1::STAGE_KIND_OPEN) continue;
    gone.erase(stage.code());
    add(stage.code(), StageName(stage, language), stage.max_dwell_days());
  }
  for (const std::string& code : gone) add(code, code, 0);
  AddTrend(places, response);
  return response;
}

}  // namespace crm::sales
