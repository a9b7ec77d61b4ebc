#include "common/calendar/wall_hours.h"

#include <algorithm>

namespace crm::calendar {
namespace {

constexpr int64_t kDaysOfWeek = 7;
constexpr int64_t kFirstMonday = -3;  // 1970-01-01 was a Thursday

int64_t WeekOf(int64_t day) { return FloorDiv(day - kFirstMonday, kDaysOfWeek); }

size_t WeekdayOf(int64_t day, int64_t week) {
  return static_cast<size_t>(day - kFirstMonday - week * kDaysOfWeek);
}

std::vector<int64_t> DaysOf(const std::vector<WallHours::Exception>& exceptions) {
  std::vector<int64_t> days;
  days.reserve(exceptions.size());
  for (const auto& [day, hours] : exceptions) days.push_back(day);
  std::sort(days.begin(), days.end());
  return days;
}

}  // namespace

DayHours::DayHours(std::vector<DayRange> ranges) : ranges_(std::move(ranges)) {
  for (const DayRange& range : ranges_) total_ += range.to - range.from;
}

WallHours::WallHours(Week week, std::vector<Exception> exceptions)
    : week_(std::move(week)),
      exception_days_(DaysOf(exceptions)),
      exception_ends_(AddUp(std::move(exceptions))) {}

std::vector<int64_t> WallHours::AddUp(std::vector<Exception> exceptions) {
  for (size_t i = 0; i < week_.size(); ++i) {
    before_in_week_[i] = week_total_;
    week_total_ += week_[i].total();
  }
  std::sort(exceptions.begin(), exceptions.end(),
            [](const Exception& a, const Exception& b) { return a.first < b.first; });
  std::vector<int64_t> ends;
  int64_t shift = 0;
  for (auto& [day, hours] : exceptions) {
    const int64_t before = RegularBefore(day) + shift;
    ends.push_back(before + hours.total());
    shift = ends.back() - RegularBefore(day + 1);
    exceptions_.push_back({std::move(hours), before, shift});
  }
  return ends;
}

int64_t WallHours::RegularBefore(int64_t day) const {
  const int64_t week = WeekOf(day);
  return week * week_total_ + before_in_week_[WeekdayOf(day, week)];
}

int64_t WallHours::Before(int64_t wall) const {
  const int64_t day = FloorDiv(wall, kMicrosOfDay);
  const int64_t time = wall - day * kMicrosOfDay;
  const size_t count = exception_days_.CountTo(day);
  if (count > 0 && exception_days_[count - 1] == day) {
    const Dated& dated = exceptions_[count - 1];
    return dated.before + dated.hours.Before(time);
  }
  const int64_t shift = count > 0 ? exceptions_[count - 1].shift : 0;
  const int64_t week = WeekOf(day);
  const size_t weekday = WeekdayOf(day, week);
  return shift + week * week_total_ + before_in_week_[weekday] + week_[weekday].Before(time);
}

std::optional<int64_t> WallHours::Reach(int64_t worked) const {
  const size_t index = exception_ends_.CountBelow(worked);
  if (index < exceptions_.size() && exceptions_[index].before < worked) {
    const Dated& dated = exceptions_[index];
    return exception_days_[index] * kMicrosOfDay + dated.hours.Reach(worked - dated.before);
  }
  if (week_total_ == 0) return std::nullopt;
  const int64_t regular = worked - (index > 0 ? exceptions_[index - 1].shift : 0);
  // The week in which it ends: what is left for that week is more than nothing.
  const int64_t week = FloorDiv(regular - 1, week_total_);
  const int64_t in_week = regular - week * week_total_;
  size_t weekday = 0;
  while (before_in_week_[weekday] + week_[weekday].total() < in_week) ++weekday;
  const int64_t day = week * kDaysOfWeek + kFirstMonday + static_cast<int64_t>(weekday);
  return day * kMicrosOfDay + week_[weekday].Reach(in_week - before_in_week_[weekday]);
}

const DayHours& WallHours::HoursOf(int64_t day) const {
  const size_t count = exception_days_.CountTo(day);
  if (count > 0 && exception_days_[count - 1] == day) return exceptions_[count - 1].hours;
  return week_[WeekdayOf(day, WeekOf(day))];
}

}  // namespace crm::calendar
