#include "services/sales/occasion_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/record/times.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

// Of the clocks of replicas.
constexpr absl::Duration kTolerance = absl::Minutes(1);

const Occasion* FindSource(const std::vector<Occasion>& occasions, v1::ReminderSource source) {
  const auto found =
      std::find_if(occasions.begin(), occasions.end(),
                   [source](const Occasion& occasion) { return occasion.source == source; });
  return found == occasions.end() ? nullptr : &*found;
}

void AddInactivity(absl::Time last_activity, const OccasionTerms& terms,
                   std::vector<Occasion>& occasions) {
  const int days = terms.settings.inactivity_days();
  if (days == 0) return;
  occasions.push_back({.source = v1::REMINDER_SOURCE_NO_ACTIVITY,
                       .since = last_activity,
                       .due = last_activity + absl::Hours(24) * days});
}

void AddCloseDate(const v1::Opportunity& opportunity, const OccasionTerms& terms,
                  std::vector<Occasion>& occasions) {
  absl::CivilDay day;
  if (!terms.settings.remind_of_close_date() ||
      !absl::ParseCivilTime(opportunity.expected_close_date(), &day)) {
    return;
  }
  const absl::Time over = absl::FromCivil(day + 1, terms.zone);
  occasions.push_back(
      {.source = v1::REMINDER_SOURCE_CLOSE_DATE_PASSED, .since = over, .due = over});
}

void AddDwell(const v1::Opportunity& opportunity, const OccasionTerms& terms,
              std::vector<Occasion>& occasions) {
  const v1::Stage* stage = FindStage(terms.pipeline, opportunity.stage());
  if (!terms.settings.remind_of_dwell() || stage == nullptr || stage->max_dwell_days() == 0) return;
  const absl::Time entered = record::TimeOf(opportunity.stage_enter_time());
  const absl::CivilDay first_over =
      absl::ToCivilDay(entered, terms.zone) + stage->max_dwell_days() + 1;
  occasions.push_back({.source = v1::REMINDER_SOURCE_DWELL_EXCEEDED,
                       .since = entered,
                       .due = absl::FromCivil(first_over, terms.zone)});
}

}  // namespace

std::vector<Occasion> OccasionsOf(const v1::Opportunity& opportunity, absl::Time last_activity,
                                  const OccasionTerms& terms) {
  std::vector<Occasion> occasions;
  if (opportunity.stage_kind() != v1::STAGE_KIND_OPEN) return occasions;
  AddInactivity(last_activity, terms, occasions);
  AddCloseDate(opportunity, terms, occasions);
  AddDwell(opportunity, terms, occasions);
  return occasions;
}

std::string TextOf(const Occasion& occasion, const v1::Opportunity& opportunity,
                   const OccasionTerms& terms) {
  if (occasion.source == v1::REMINDER_SOURCE_NO_ACTIVITY) {
    return absl::StrCat("已有", terms.settings.inactivity_days(), "天没有跟进");
  }
  if (occasion.source == v1::REMINDER_SOURCE_CLOSE_DATE_PASSED) {
    return absl::StrCat("预计成交日期", opportunity.expected_close_date(), "已过");
  }
  const v1::Stage* stage = FindStage(terms.pipeline, opportunity.stage());
  if (stage == nullptr) return "阶段停留超期";
  return absl::StrCat("在“", stage->name_zh(), "”阶段停留已超过", stage->max_dwell_days(), "天");
}

std::optional<absl::Time> NewCheck(const std::vector<Occasion>& before,
                                   const std::vector<Occasion>& after, absl::Time now) {
  std::optional<absl::Time> check;
  for (const Occasion& occasion : after) {
    const Occasion* old = FindSource(before, occasion.source);
    const bool known = old != nullptr && (old->due == occasion.due ||
                                          (old->due < occasion.due && old->due > now + kTolerance));
    if (!known) check = std::min(check.value_or(absl::InfiniteFuture()), occasion.due);
  }
  return check;
}

}  // namespace crm::sales
