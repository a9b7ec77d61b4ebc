#include "services/customer/activity_rules.h"

#include <algorithm>

#include "services/customer/customer_changes.h"
#include "services/customer/value_block.h"

namespace crm::customer {
namespace {

// The same day some months earlier, or the last day of a shorter month.
absl::CivilDay MonthsBefore(absl::CivilDay day, int months) {
  const absl::CivilMonth month = absl::CivilMonth(day) - months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return absl::CivilDay(month.year(), month.month(), std::min(day.day(), last.day()));
}

bool HasBought(const v1::Customer& customer) {
  return customer.order_count() > 0 || !customer.first_purchase_date().empty();
}

}  // namespace

absl::CivilDay ActivityRules::FirstDayOf(v1::Level level, absl::CivilDay today) const {
  switch (level) {
    case v1::LEVEL_HIGH:
      return today - policy_.high_days;
    case v1::LEVEL_MEDIUM:
      return std::min(MonthsBefore(today, policy_.medium_months), today - policy_.high_days);
    default:
      return absl::CivilDay::min();
  }
}

absl::Time ActivityRules::WindowOf(v1::Level level, absl::Time now) const {
  return absl::FromCivil(FirstDayOf(level, absl::ToCivilDay(now, zone_)), zone_);
}

v1::Level ActivityRules::LevelOf(absl::Span<const absl::Time> newest_first, absl::Time now) const {
  const auto reaches = [&](v1::Level level, int count) {
    const auto needed = static_cast<size_t>(count);
    return newest_first.size() >= needed && newest_first[needed - 1] >= WindowOf(level, now);
  };
  if (reaches(v1::LEVEL_HIGH, policy_.high_count)) return v1::LEVEL_HIGH;
  if (reaches(v1::LEVEL_MEDIUM, policy_.medium_count)) return v1::LEVEL_MEDIUM;
  return v1::LEVEL_LOW;
}

std::string ActivityRules::DayOf(absl::Time time) const {
  return absl::FormatCivilTime(absl::ToCivilDay(time, zone_));
}

bool ActivityRules::NoteContact(absl::Time time, absl::Time now, v1::Customer& customer) const {
  const std::string day = DayOf(time);
  if (customer.first_contact_date().empty() || day < customer.first_contact_date()) {
    customer.set_first_contact_date(day);
  }
  // Only ever up: what time lowers is lowered by the daily job.
  customer.set_activity_level(std::max(customer.activity_level(), LevelOf({time}, now)));
  if (customer.has_last_contact_time() && time < TimeOf(customer.last_contact_time())) return false;
  SetTime(time, *customer.mutable_last_contact_time());
  return true;
}

void ActivityRules::NoteInteraction(const ContactFacts& facts, absl::Time now,
                                    v1::Customer& customer) const {
  const bool newest = NoteContact(facts.time, now, customer);
  if (customer.follow_up_status() == v1::FOLLOW_UP_STATUS_PENDING ||
      customer.follow_up_status() == v1::FOLLOW_UP_STATUS_UNSPECIFIED) {
    customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_FOLLOWING);
  }
  if (!newest) return;
  customer.set_last_contact_by(facts.staff);
  customer.set_last_result(facts.result);
  if (customer.stage() == v1::STAGE_DORMANT) {
    const bool bought = HasBought(customer);
    customer.set_stage(bought ? v1::STAGE_ACTIVE : v1::STAGE_POTENTIAL);
    customer.set_follow_up_status(bought ? v1::FOLLOW_UP_STATUS_WON
                                         : v1::FOLLOW_UP_STATUS_FOLLOWING);
  }
}

void ActivityRules::NotePurchase(absl::Time time, int64_t amount_fen, absl::Time now,
                                 v1::Customer& customer) const {
  const std::string day = DayOf(time);
  AddToSums(amount_fen, 1, customer);
  if (customer.first_purchase_date().empty() || day < customer.first_purchase_date()) {
    customer.set_first_purchase_date(day);
  }
  customer.set_last_purchase_date(std::max(customer.last_purchase_date(), day));

  const bool newest = NoteContact(time, now, customer);
  const bool gone = customer.stage() == v1::STAGE_LOST || customer.stage() == v1::STAGE_DORMANT;
  if (gone && !newest) return;
  customer.set_stage(v1::STAGE_ACTIVE);
  customer.set_follow_up_status(v1::FOLLOW_UP_STATUS_WON);
}

void ActivityRules::NoteCancellation(int64_t amount_fen, const std::optional<PurchaseSpan>& rest,
                                     v1::Customer& customer) const {
  AddToSums(-amount_fen, -1, customer);
  customer.set_first_purchase_date(rest.has_value() ? DayOf(rest->first) : "");
  customer.set_last_purchase_date(rest.has_value() ? DayOf(rest->last) : "");
}

void ActivityRules::NoteRefund(int64_t amount_fen, v1::Customer& customer) const {
  AddToSums(-amount_fen, 0, customer);
}

}  // namespace crm::customer
