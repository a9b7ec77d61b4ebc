#include "services/sales/priority_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/schema/message_schema.h"
#include "common/text/decimal.h"

namespace crm::sales {
namespace {

using crm::customer::v1::Tier;
using schema::Language;

constexpr int kMoneyScale = 2;
constexpr int kExpectedScale = 4;  // cents times percent
constexpr int kScoreScale = 6;     // times percent
constexpr int kDwellPercent = 30;

int TierPercent(Tier tier) {
  switch (tier) {
    case crm::customer::v1::TIER_STRATEGIC:
      return 30;
    case crm::customer::v1::TIER_KEY:
      return 20;
    case crm::customer::v1::TIER_NORMAL:
      return 10;
    default:
      return 0;
  }
}

int DuePercent(int64_t days_left) {
  if (days_left < 0) return 40;
  if (days_left <= 7) return 30;
  return days_left <= 30 ? 15 : 0;
}

std::string In(Language language, std::string zh, std::string en) {
  return language == Language::kChinese ? std::move(zh) : std::move(en);
}

std::string Rounded(int64_t scaled, int scale) {
  return text::FormatDecimal(*text::RoundHalfUp(scaled, scale, kMoneyScale), kMoneyScale);
}

void AddPart(v1::UrgencyCause cause, int percent, std::string detail, Urgent& urgent) {
  if (percent == 0) return;
  v1::Urgency& part = urgent.parts.emplace_back();
  part.set_cause(cause);
  part.set_percent(percent);
  part.set_detail(std::move(detail));
  urgent.percent += percent;
}

void AddTier(Language language, Urgent& urgent) {
  const Tier tier = urgent.candidate.tier;
  const auto* value = crm::customer::v1::Tier_descriptor()->FindValueByNumber(tier);
  if (value == nullptr) return;
  AddPart(v1::URGENCY_CAUSE_TIER, TierPercent(tier), schema::EnumLabel(*value, language), urgent);
}

void AddDwell(const v1::Stage& stage, absl::CivilDay today, absl::TimeZone zone, Language language,
              Urgent& urgent) {
  const int limit = stage.max_dwell_days();
  const int64_t days =
      std::max<int64_t>(0, today - absl::ToCivilDay(urgent.candidate.stage_enter_time, zone));
  if (limit == 0) return;
  AddPart(v1::URGENCY_CAUSE_DWELL,
          static_cast<int>(std::min<int64_t>(kDwellPercent, kDwellPercent * days / limit)),
          In(language, absl::StrCat("已停留", days, "天，上限", limit, "天"),
             absl::StrCat(days, " of ", limit, " days in the stage")),
          urgent);
}

void AddDue(absl::CivilDay today, Language language, Urgent& urgent) {
  absl::CivilDay due;
  if (!absl::ParseCivilTime(urgent.candidate.expected_close_date, &due)) return;
  const int64_t left = due - today;
  const std::string detail =
      left < 0
          ? In(language, absl::StrCat("已逾期", -left, "天"), absl::StrCat(-left, " days past"))
          : In(language, absl::StrCat("还有", left, "天"), absl::StrCat("due in ", left, " days"));
  AddPart(v1::URGENCY_CAUSE_DUE, DuePercent(left), detail, urgent);
}

}  // namespace

Urgent Judge(Candidate candidate, const v1::Stage* stage, absl::CivilDay today, absl::TimeZone zone,
             Language language) {
  Urgent urgent;
  urgent.candidate = std::move(candidate);
  AddTier(language, urgent);
  if (stage != nullptr) AddDwell(*stage, today, zone, language, urgent);
  AddDue(today, language, urgent);
  urgent.score = urgent.candidate.weighted * urgent.percent;
  return urgent;
}

bool StandsBefore(const Urgent& a, const Urgent& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.candidate.id > b.candidate.id;
}

bool CannotBeOvertaken(const Urgent& urgent, int64_t weighted) {
  const int64_t most = weighted * kMaxUrgencyPercent;
  // Of nothing there is nothing to rank: those come in the order they are read.
  return urgent.score > most || most == 0;
}

v1::Priority ToPriority(const Urgent& urgent, int rank, Language language) {
  const Candidate& candidate = urgent.candidate;
  v1::Priority priority;
  priority.set_rank(rank);
  priority.set_opportunity(candidate.number);
  priority.set_name(candidate.name);
  priority.set_customer(candidate.customer);
  priority.set_owner(candidate.owner);
  priority.set_stage(candidate.stage);
  priority.set_base_amount(text::FormatDecimal(candidate.amount, kMoneyScale));
  priority.set_probability(candidate.probability);
  priority.set_expected_value(Rounded(candidate.weighted, kExpectedScale));
  priority.set_urgency_percent(urgent.percent);
  priority.set_score(Rounded(urgent.score, kScoreScale));
  std::string reasons =
      absl::StrCat(In(language, "期望价值 ", "expected value "), priority.expected_value());
  for (const v1::Urgency& part : urgent.parts) {
    absl::StrAppend(&reasons, In(language, "；", "; "), part.detail(), " +", part.percent(), "%");
    *priority.add_urgency() = part;
  }
  priority.set_reasons(std::move(reasons));
  return priority;
}

}  // namespace crm::sales
