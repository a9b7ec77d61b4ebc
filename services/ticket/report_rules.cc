#include "services/ticket/report_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace crm::ticket {
namespace {

constexpr int kSatisfied = 4;

template <typename Setter>
void SetShare(int64_t part, int64_t whole, Setter set) {
  if (const std::optional<double> share = Share(part, whole)) set(*share);
}

std::string EnumName(const google::protobuf::EnumDescriptor& type, const std::string& stored) {
  int number = 0;
  if (!absl::SimpleAtoi(stored, &number)) return stored;
  const auto* value = type.FindValueByNumber(number);
  return value == nullptr ? stored : value->name();
}

}  // namespace

std::optional<double> Share(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

void MinuteCounts::Add(int64_t minutes, int64_t count, absl::Duration sum) {
  by_minute_[minutes] += count;
  count_ += count;
  sum_ += sum;
}

int64_t MinuteCounts::AtMostTenths(int64_t tenths) const {
  const int64_t rank = (count_ * tenths + 9) / 10;
  int64_t seen = 0;
  for (const auto& [minutes, count] : by_minute_) {
    seen += count;
    if (seen >= rank) return minutes;
  }
  return 0;
}

v1::TimeFigures MinuteCounts::Figures() const {
  v1::TimeFigures figures;
  figures.set_count(count_);
  if (count_ == 0) return figures;
  figures.set_mean_minutes(absl::ToDoubleMinutes(sum_) / static_cast<double>(count_));
  figures.set_median_minutes(AtMostTenths(5));
  figures.set_p90_minutes(AtMostTenths(9));
  return figures;
}

void FigureBuilder::Add(const FactCount& count) {
  switch (count.kind) {
    case FactKind::kCreated:
      created_ += count.count;
      break;
    case FactKind::kAnswered:
      answers_.Add(count.minutes.value_or(0), count.count, count.duration);
      break;
    case FactKind::kDone:
      if (!count.stands) {
        reopened_ += count.count;
        break;
      }
      resolutions_.Add(count.minutes.value_or(0), count.count, count.duration);
      if (count.first_contact) first_contact_ += count.count;
      break;
    case FactKind::kRated:
      rated_ += count.count;
      satisfaction_ += count.count * count.satisfaction;
      if (count.satisfaction >= kSatisfied) satisfied_ += count.count;
      break;
    case FactKind::kOpen:
      break;
  }
}

void FigureBuilder::Add(const ClockCount& count) {
  Decided& decided = clocks_[count.clock];
  (count.late ? decided.late : decided.in_time) += count.count;
}

void FigureBuilder::Add(const OpenCount& count) {
  backlog_.set_open(count.open);
  if (count.open == 0) return;
  backlog_.set_mean_age_hours(absl::ToDoubleHours(count.age) / static_cast<double>(count.open));
  backlog_.set_oldest_age_hours(absl::ToDoubleHours(count.oldest));
  backlog_.set_under_1_day(count.under_1_day);
  backlog_.set_under_3_days(count.under_3_days - count.under_1_day);
  backlog_.set_under_7_days(count.under_7_days - count.under_3_days);
  backlog_.set_from_7_days(count.open - count.under_7_days);
}

v1::TicketFigures FigureBuilder::Build(std::string group) const {
  v1::TicketFigures figures;
  figures.set_group(std::move(group));
  const int64_t resolved = resolutions_.count();
  figures.set_created(created_);
  figures.set_resolved(resolved);
  figures.set_reopened(reopened_);
  SetShare(reopened_, resolved + reopened_, [&](double rate) { figures.set_reopen_rate(rate); });
  figures.set_first_contact_resolved(first_contact_);
  SetShare(first_contact_, resolved,
           [&](double rate) { figures.set_first_contact_resolution_rate(rate); });
  *figures.mutable_first_response() = answers_.Figures();
  *figures.mutable_resolution() = resolutions_.Figures();
  for (const auto& [clock, decided] : clocks_) {
    v1::ClockFigures& sla = *figures.add_sla();
    sla.set_clock(clock);
    sla.set_in_time(decided.in_time);
    sla.set_late(decided.late);
    SetShare(decided.in_time, decided.in_time + decided.late,
             [&](double share) { sla.set_compliance(share); });
  }
  figures.set_rated(rated_);
  SetShare(satisfaction_, rated_, [&](double mean) { figures.set_mean_satisfaction(mean); });
  SetShare(satisfied_, rated_, [&](double share) { figures.set_satisfied_share(share); });
  *figures.mutable_backlog() = backlog_;
  return figures;
}

std::string GroupName(v1::TicketReportGroup group, const std::string& stored) {
  switch (group) {
    case v1::TICKET_REPORT_GROUP_TYPE:
      return EnumName(*v1::TicketType_descriptor(), stored);
    case v1::TICKET_REPORT_GROUP_PRIORITY:
      return EnumName(*v1::TicketPriority_descriptor(), stored);
    case v1::TICKET_REPORT_GROUP_TIER:
      return EnumName(*crm::customer::v1::Tier_descriptor(), stored);
    default:
      return stored;
  }
}

std::optional<absl::CivilMonth> ParseMonth(const std::string& text) {
  absl::CivilMonth month;
  if (!absl::ParseCivilTime(text, &month)) return std::nullopt;
  return month;
}

std::string MonthName(absl::CivilMonth month) { return absl::FormatCivilTime(month); }

std::vector<absl::CivilMonth> MonthsOf(absl::Time from, absl::Time to, absl::TimeZone zone) {
  std::vector<absl::CivilMonth> months;
  const absl::CivilMonth last(absl::ToCivilSecond(to - absl::Microseconds(1), zone));
  for (absl::CivilMonth month(absl::ToCivilSecond(from, zone)); month <= last; ++month) {
    months.push_back(month);
  }
  return months;
}

}  // namespace crm::ticket
