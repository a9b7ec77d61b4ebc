#include "services/ticket/report_rules.h"

#include <algorithm>
#include <utility>

namespace crm::ticket {
namespace {

constexpr int64_t kSatisfied = 4;
constexpr int64_t kDaySeconds = 24 * 60 * 60;

template <typename Setter>
void SetShare(int64_t part, int64_t whole, Setter set) {
  if (const std::optional<double> share = Share(part, whole)) set(*share);
}

}  // namespace

std::optional<double> Share(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

void DurationCounts::Add(const Tally& tally) {
  const size_t bucket = static_cast<size_t>(tally.value);
  if (by_bucket_.size() <= bucket) by_bucket_.resize(bucket + 1);
  by_bucket_[bucket] += tally.count;
  count_ += tally.count;
  seconds_ += tally.seconds;
}

int64_t DurationCounts::AtMostTenths(int64_t tenths) const {
  const int64_t rank = (count_ * tenths + 9) / 10;
  int64_t seen = 0;
  for (size_t bucket = 0; bucket < by_bucket_.size(); ++bucket) {
    seen += by_bucket_[bucket];
    if (seen >= rank) return MinutesOf(static_cast<int64_t>(bucket));
  }
  return 0;
}

v1::TimeFigures DurationCounts::Figures() const {
  v1::TimeFigures figures;
  figures.set_count(count_);
  if (count_ == 0) return figures;
  figures.set_mean_minutes(static_cast<double>(seconds_) / 60 / static_cast<double>(count_));
  figures.set_median_minutes(AtMostTenths(5));
  figures.set_p90_minutes(AtMostTenths(9));
  return figures;
}

void FigureBuilder::Add(const Tally& tally) {
  switch (tally.figure) {
    case Figure::kCreated:
      created_ += tally.count;
      break;
    case Figure::kAnswered:
      answers_.Add(tally);
      break;
    case Figure::kFirstContact:
      first_contact_ += tally.count;
      resolutions_.Add(tally);
      break;
    case Figure::kResolvedUntold:
      untold_ += tally.count;
      resolutions_.Add(tally);
      break;
    case Figure::kResolved:
      resolutions_.Add(tally);
      break;
    case Figure::kReopened:
      reopened_ += tally.count;
      break;
    case Figure::kRated:
      rated_ += tally.count;
      satisfaction_ += tally.count * tally.value;
      if (tally.value >= kSatisfied) satisfied_ += tally.count;
      break;
    case Figure::kCompared:
      AddChange(tally.value - kMostSatisfactionChange, tally.count);
      break;
    case Figure::kInTime:
      clocks_[static_cast<v1::SlaClock>(tally.value)].in_time += tally.count;
      break;
    case Figure::kLate:
      clocks_[static_cast<v1::SlaClock>(tally.value)].late += tally.count;
      break;
    case Figure::kOpen:
      break;
  }
}

void FigureBuilder::AddChange(int64_t change, int64_t count) {
  compared_ += count;
  change_ += count * change;
  if (change > 0) improved_ += count;
}

void FigureBuilder::AddOpen(const Tally& tally) { open_[tally.value] += tally.count; }

v1::BacklogFigures FigureBuilder::Backlog(absl::Time at) const {
  v1::BacklogFigures backlog;
  int64_t open = 0;
  int64_t ages = 0;  // sum of seconds
  int64_t oldest = 0;
  int64_t under_days[] = {0, 0, 0};
  for (const auto& [created, count] : open_) {
    if (count == 0) continue;
    const int64_t age = absl::ToUnixSeconds(at) - created;
    open += count;
    ages += count * age;
    oldest = std::max(oldest, age);
    if (age < kDaySeconds)
      under_days[0] += count;
    else if (age < 3 * kDaySeconds)
      under_days[1] += count;
    else if (age < 7 * kDaySeconds)
      under_days[2] += count;
  }
  backlog.set_open(open);
  if (open == 0) return backlog;
  backlog.set_mean_age_hours(static_cast<double>(ages) / 3600 / static_cast<double>(open));
  backlog.set_oldest_age_hours(static_cast<double>(oldest) / 3600);
  backlog.set_under_1_day(under_days[0]);
  backlog.set_under_3_days(under_days[1]);
  backlog.set_under_7_days(under_days[2]);
  backlog.set_from_7_days(open - under_days[0] - under_days[1] - under_days[2]);
  return backlog;
}

v1::TicketFigures FigureBuilder::Build(std::string group, absl::Time open_at) const {
  v1::TicketFigures figures;
  figures.set_group(std::move(group));
  const int64_t resolved = resolutions_.count();
  figures.set_created(created_);
  figures.set_resolved(resolved);
  figures.set_reopened(reopened_);
  SetShare(reopened_, resolved + reopened_, [&](double rate) { figures.set_reopen_rate(rate); });
  figures.set_first_contact_resolved(first_contact_);
  SetShare(first_contact_, resolved - untold_,
           [&](double rate) { figures.set_first_contact_resolution_rate(rate); });
  *figures.mutable_first_response() = answers_.Figures();
  *figures.mutable_resolution() = resolutions_.Figures();
  for (const auto& [clock, decided] : clocks_) {
    if (decided.in_time + decided.late == 0) continue;
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
  figures.set_compared(compared_);
  SetShare(change_, compared_, [&](double mean) { figures.set_mean_satisfaction_change(mean); });
  SetShare(improved_, compared_, [&](double share) { figures.set_improved_share(share); });
  *figures.mutable_backlog() = Backlog(open_at);
  return figures;
}

std::string GroupOf(v1::TicketReportGroup group, const Holder& holder, const TicketClass& of) {
  switch (group) {
    case v1::TICKET_REPORT_GROUP_TEAM:
      return holder.team;
    case v1::TICKET_REPORT_GROUP_AGENT:
      return holder.assignee;
    case v1::TICKET_REPORT_GROUP_TYPE:
      return v1::TicketType_Name(of.type);
    case v1::TICKET_REPORT_GROUP_PRIORITY:
      return v1::TicketPriority_Name(of.priority);
    case v1::TICKET_REPORT_GROUP_TIER:
      return crm::customer::v1::Tier_Name(of.tier);
    default:
      return "";
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
