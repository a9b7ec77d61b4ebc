#include "services/sales/report_rules.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "common/record/table.h"
#include "common/text/decimal.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;
constexpr double kSecondsInDay = 86'400;

struct StageSum {
  int64_t opportunities = 0;
  int64_t amount = 0;
  int64_t weighted = 0;
};

std::string Money(int64_t cents) { return text::FormatDecimal(cents, kMoneyScale); }

std::string RoundedMoney(int64_t weighted) {
  return Money(*text::RoundHalfUp(weighted, kWeightedScale, kMoneyScale));
}

void AddStage(const std::string& code, std::string name, const StageSum& sum, v1::Funnel& funnel) {
  v1::FunnelStage& stage = *funnel.add_stages();
  stage.set_stage(code);
  stage.set_name(std::move(name));
  stage.set_opportunities(sum.opportunities);
  stage.set_amount(Money(sum.amount));
  stage.set_weighted_amount(RoundedMoney(sum.weighted));
}

// How many have been in each stage or further. All of them began in the first one.
std::vector<int64_t> Reached(const v1::Pipeline& pipeline, const std::vector<FunnelCell>& cells) {
  std::vector<int64_t> reached(static_cast<size_t>(pipeline.stages_size()));
  for (const FunnelCell& cell : cells) {
    for (int i = 0; i < pipeline.stages_size(); ++i) {
      const bool before_it = IsBackwards(pipeline, pipeline.stages(i).code(), cell.furthest_stage);
      if (i == 0 || !before_it) reached[static_cast<size_t>(i)] += cell.opportunities;
    }
  }
  return reached;
}

void SetConversions(const v1::Pipeline& pipeline, const std::vector<FunnelCell>& cells,
                    v1::Funnel& funnel) {
  const std::vector<int64_t> reached = Reached(pipeline, cells);
  int64_t won = 0;
  for (int i = 0; i < pipeline.stages_size(); ++i) {
    if (pipeline.stages(i).kind() == v1::STAGE_KIND_WON) won = reached[static_cast<size_t>(i)];
  }
  const v1::Stage& won_stage = StageOfKind(pipeline, v1::STAGE_KIND_WON);
  for (int i = 0; i < pipeline.stages_size(); ++i) {
    v1::FunnelStage& stage = *funnel.mutable_stages(i);
    const v1::StageKind kind = pipeline.stages(i).kind();
    if (kind == v1::STAGE_KIND_LOST) continue;
    const int64_t here = reached[static_cast<size_t>(i)];
    stage.set_reached(here);
    if (here == 0 || kind != v1::STAGE_KIND_OPEN) continue;
    const v1::Stage* next = NextStage(pipeline, stage.stage());
    const bool to_won = next == nullptr || next->code() == won_stage.code();
    const int64_t on = to_won ? won : reached[static_cast<size_t>(i) + 1];
    stage.set_conversion_to_next(static_cast<double>(on) / static_cast<double>(here));
    stage.set_conversion_to_won(static_cast<double>(won) / static_cast<double>(here));
  }
}

std::string ReasonName(const ClosedSum& sum) {
  int number = 0;
  if (!absl::SimpleAtoi(sum.group, &number)) return "";
  return sum.kind == v1::STAGE_KIND_WON ? v1::WinReason_Name(static_cast<v1::WinReason>(number))
                                        : v1::LossReason_Name(static_cast<v1::LossReason>(number));
}

}  // namespace

v1::Funnel BuildFunnel(const v1::Pipeline& pipeline, const std::vector<FunnelCell>& cells,
                       schema::Language language) {
  std::map<std::string, StageSum> by_stage;
  v1::Funnel funnel;
  for (const FunnelCell& cell : cells) {
    StageSum& sum = by_stage[cell.stage];
    sum.opportunities += cell.opportunities;
    sum.amount += cell.amount;
    sum.weighted += cell.weighted;
    funnel.set_opportunities(funnel.opportunities() + cell.opportunities);
  }
  for (const v1::Stage& stage : pipeline.stages()) {
    const std::string& english = stage.name_en().empty() ? stage.name_zh() : stage.name_en();
    AddStage(stage.code(), record::InLanguage(language, stage.name_zh(), english),
             by_stage[stage.code()], funnel);
    by_stage.erase(stage.code());
  }
  SetConversions(pipeline, cells, funnel);
  for (const auto& [code, sum] : by_stage) {
    if (sum.opportunities != 0) AddStage(code, code, sum, funnel);
  }
  return funnel;
}

std::vector<v1::Funnel> BuildCohorts(const v1::Pipeline& pipeline,
                                     const std::vector<FunnelCell>& cells,
                                     schema::Language language) {
  std::map<int, std::vector<FunnelCell>> by_month;
  for (const FunnelCell& cell : cells) by_month[cell.month].push_back(cell);
  std::vector<v1::Funnel> cohorts;
  for (const auto& [month, of_month] : by_month) {
    v1::Funnel funnel = BuildFunnel(pipeline, of_month, language);
    if (funnel.opportunities() == 0) continue;
    funnel.set_lead_month(absl::StrFormat("%04d-%02d", month / 100, month % 100));
    cohorts.push_back(std::move(funnel));
  }
  return cohorts;
}

v1::GetWinLossResponse BuildWinLoss(const std::vector<ClosedSum>& sums, v1::WinLossGroup group) {
  std::map<std::string, v1::WinLossLine> lines;
  for (const ClosedSum& sum : sums) {
    const std::string name = group == v1::WIN_LOSS_GROUP_REASON ? ReasonName(sum) : sum.group;
    v1::WinLossLine& line = lines[name];
    line.set_group(name);
    if (sum.kind == v1::STAGE_KIND_WON) {
      line.set_won_count(sum.opportunities);
      line.set_won_amount(sum.amount);
      line.set_mean_cycle_days(static_cast<double>(sum.cycle_seconds) / kSecondsInDay /
                               static_cast<double>(sum.opportunities));
    } else {
      line.set_lost_count(sum.opportunities);
      line.set_lost_amount(sum.amount);
    }
  }
  v1::GetWinLossResponse response;
  for (auto& [name, line] : lines) {
    if (line.won_amount().empty()) line.set_won_amount(Money(0));
    if (line.lost_amount().empty()) line.set_lost_amount(Money(0));
    const int64_t closed = line.won_count() + line.lost_count();
    line.set_win_rate(static_cast<double>(line.won_count()) / static_cast<double>(closed));
    *response.add_lines() = std::move(line);
  }
  return response;
}

}  // namespace crm::sales
