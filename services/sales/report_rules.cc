#include "services/sales/report_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "common/record/table.h"
#include "common/text/decimal.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/sales/amount_rules.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

constexpr int kMoneyScale = 2;
constexpr int kWeightedScale = 4;
constexpr double kSecondsInHour = 3600;
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

v1::ForecastLine EmptyLine(const std::string& period, const std::string& group) {
  v1::ForecastLine line;
  line.set_period(period);
  line.set_group(group);
  for (std::string* amount : {line.mutable_expected(), line.mutable_weighted(),
                              line.mutable_committed(), line.mutable_closed()}) {
    *amount = Money(0);
  }
  return line;
}

v1::EarlierForecast EarlierOf(const v1::ForecastLine& line) {
  v1::EarlierForecast earlier;
  earlier.set_open_count(line.open_count());
  earlier.set_expected(line.expected());
  earlier.set_weighted(line.weighted());
  earlier.set_committed(line.committed());
  earlier.set_won_count(line.won_count());
  earlier.set_closed(line.closed());
  earlier.set_predicted(Money(CentsOf(line.weighted()) + CentsOf(line.closed())));
  return earlier;
}

void SetAccuracy(v1::ForecastLine& line) {
  const auto closed = static_cast<double>(CentsOf(line.closed()));
  if (closed <= 0) return;
  const auto predicted = static_cast<double>(CentsOf(line.compared().predicted()));
  line.mutable_compared()->set_accuracy(std::max(0.0, 1 - std::abs(predicted - closed) / closed));
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
    if (month != 0) funnel.set_lead_month(absl::StrFormat("%04d-%02d", month / 100, month % 100));
    cohorts.push_back(std::move(funnel));
  }
  return cohorts;
}

v1::GetWinLossResponse BuildWinLoss(const std::vector<ClosedSum>& sums, v1::WinLossGroup group) {
  struct Sums {
    ClosedSum won;
    ClosedSum lost;
  };
  std::map<std::string, Sums> groups;
  for (const ClosedSum& sum : sums) {
    const bool is_won = sum.kind == v1::STAGE_KIND_WON;
    Sums& of_group = groups[group == v1::WIN_LOSS_GROUP_REASON ? ReasonName(sum) : sum.group];
    ClosedSum& to = is_won ? of_group.won : of_group.lost;
    to.opportunities += sum.opportunities;
    to.amount += sum.amount;
    to.cycle_seconds += sum.cycle_seconds;
    to.cycles += sum.cycles;
  }
  v1::GetWinLossResponse response;
  for (const auto& [name, of_group] : groups) {
    v1::WinLossLine& line = *response.add_lines();
    line.set_group(name);
    line.set_won_count(of_group.won.opportunities);
    line.set_won_amount(Money(of_group.won.amount));
    line.set_lost_count(of_group.lost.opportunities);
    line.set_lost_amount(Money(of_group.lost.amount));
    const int64_t closed = line.won_count() + line.lost_count();
    line.set_win_rate(static_cast<double>(line.won_count()) / static_cast<double>(closed));
    if (of_group.won.cycles == 0) continue;
    line.set_mean_cycle_days(static_cast<double>(of_group.won.cycle_seconds) / kSecondsInDay /
                             static_cast<double>(of_group.won.cycles));
  }
  return response;
}

v1::GetLeadFollowUpResponse BuildLeadFollowUp(const std::vector<LeadSum>& sums) {
  std::map<std::string, LeadSum> groups;
  for (const LeadSum& sum : sums) {
    LeadSum& to = groups[sum.group];
    to.leads += sum.leads;
    to.followed_up += sum.followed_up;
    to.follow_up_seconds += sum.follow_up_seconds;
  }
  v1::GetLeadFollowUpResponse response;
  for (const auto& [name, sum] : groups) {
    if (sum.leads == 0) continue;  // all of them have left it
    v1::LeadFollowUpLine& line = *response.add_lines();
    line.set_group(name);
    line.set_lead_count(sum.leads);
    line.set_followed_up_count(sum.followed_up);
    line.set_neglected_count(sum.leads - sum.followed_up);
    line.set_follow_up_rate(static_cast<double>(sum.followed_up) / static_cast<double>(sum.leads));
    if (sum.followed_up == 0) continue;
    line.set_mean_follow_up_hours(static_cast<double>(sum.follow_up_seconds) / kSecondsInHour /
                                  static_cast<double>(sum.followed_up));
  }
  return response;
}

std::vector<v1::ForecastLine> CompareForecasts(std::vector<v1::ForecastLine> now,
                                               const std::vector<v1::ForecastLine>& earlier,
                                               absl::CivilDay today) {
  std::map<std::pair<std::string, std::string>, v1::ForecastLine> lines;
  for (v1::ForecastLine& line : now) lines[{line.period(), line.group()}] = std::move(line);
  for (const v1::ForecastLine& then : earlier) {
    // A line that has nothing in it any more.
    lines.try_emplace({then.period(), then.group()}, EmptyLine(then.period(), then.group()));
  }
  for (auto& [key, line] : lines) *line.mutable_compared() = EarlierOf(EmptyLine("", ""));
  for (const v1::ForecastLine& then : earlier) {
    *lines[{then.period(), then.group()}].mutable_compared() = EarlierOf(then);
  }
  std::vector<v1::ForecastLine> compared;
  for (auto& [key, line] : lines) {
    if (HasEnded(line.period(), today)) SetAccuracy(line);
    compared.push_back(std::move(line));
  }
  return compared;
}

bool HasEnded(const std::string& period, absl::CivilDay today) {
  int year = 0;
  int part = 0;
  if (!absl::SimpleAtoi(period.substr(0, 4), &year)) return false;
  absl::CivilMonth last(year, 12);
  if (period.size() == 7 && period[5] == 'Q' && absl::SimpleAtoi(period.substr(6), &part)) {
    last = absl::CivilMonth(year, part * 3);
  } else if (period.size() == 7 && absl::SimpleAtoi(period.substr(5), &part)) {
    last = absl::CivilMonth(year, part);
  }
  return absl::CivilMonth(today) > last;
}

}  // namespace crm::sales
