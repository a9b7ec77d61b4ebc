// Calendars for tests that compare with a slow model: made from a seed, and a second, obvious
// reading of their definition. Shares no code with the engine.
#ifndef CRM_COMMON_CALENDAR_RANDOM_CALENDAR_H_
#define CRM_COMMON_CALENDAR_RANDOM_CALENDAR_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "crm/calendar/v1/calendar.pb.h"

namespace crm::calendar {

inline constexpr int64_t kMinutesOfDay = 24 * 60;

// The same numbers on every machine.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // In [low, high].
  int64_t Roll(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool OneIn(int64_t n) { return Roll(1, n) == 1; }
  template <typename T>
  const T& Pick(const std::vector<T>& values) {
    return values[static_cast<size_t>(Roll(0, static_cast<int64_t>(values.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

inline std::string ClockText(int64_t minutes) {
  return absl::StrFormat("%02d:%02d", minutes / 60, minutes % 60);
}

// One to three ranges; minutes are multiples of `grid`.
template <typename AddRange>
void AddRandomRanges(Dice& dice, int64_t grid, AddRange add) {
  const int64_t count = dice.Roll(1, 3);
  int64_t at = dice.Roll(0, int64_t{10} * 60 / grid) * grid;
  for (int64_t i = 0; i < count && at + grid <= kMinutesOfDay; ++i) {
    const int64_t end =
        std::min<int64_t>(at + dice.Roll(1, int64_t{8} * 60 / grid) * grid, kMinutesOfDay);
    v1::HourRange& range = *add();
    range.set_from(ClockText(at));
    range.set_to(dice.OneIn(6) ? "24:00" : ClockText(end));
    if (range.to() == "24:00") return;
    at = end + dice.Roll(0, int64_t{3} * 60 / grid) * grid;  // 0: ranges that touch
  }
}

struct RandomWindow {
  std::string zone;
  absl::CivilDay first;  // around it exceptions are put, and the zone's clock may change
};

// Where the clock is put forward or back, where it is not, and where it was put by half an hour.
inline RandomWindow PickWindow(Dice& dice) {
  static const std::vector<RandomWindow> windows = {
      {"Europe/Berlin", absl::CivilDay(2026, 3, 20)},
      {"Europe/Berlin", absl::CivilDay(2026, 10, 16)},
      {"America/New_York", absl::CivilDay(2026, 3, 1)},
      {"America/New_York", absl::CivilDay(2026, 10, 23)},
      {"Australia/Lord_Howe", absl::CivilDay(2026, 3, 27)},
      {"Australia/Lord_Howe", absl::CivilDay(2026, 9, 25)},
      {"Asia/Shanghai", absl::CivilDay(2026, 2, 10)},
      {"Asia/Shanghai", absl::CivilDay(2026, 9, 20)},
      {"Asia/Kathmandu", absl::CivilDay(2026, 5, 1)},
      {"America/St_Johns", absl::CivilDay(2026, 10, 23)}};
  return dice.Pick(windows);
}

inline v1::Calendar RandomCalendar(Dice& dice, const RandomWindow& window, int64_t grid) {
  v1::Calendar calendar;
  calendar.set_time_zone(window.zone);
  if (dice.OneIn(10)) {
    calendar.set_always(true);
    return calendar;
  }
  // Night shifts meet the hours at which clocks change.
  const bool weekdays_only = dice.OneIn(2);
  v1::WeeklyHours& usual = *calendar.add_weekly_hours();
  for (int day = 1; day <= (weekdays_only ? 5 : 7); ++day) {
    if (day == 1 || !dice.OneIn(4)) usual.add_days(static_cast<v1::Weekday>(day));
  }
  AddRandomRanges(dice, grid, [&] { return usual.add_ranges(); });
  if (weekdays_only && dice.OneIn(2)) {
    v1::WeeklyHours& weekend = *calendar.add_weekly_hours();
    weekend.add_days(v1::WEEKDAY_SUNDAY);
    AddRandomRanges(dice, grid, [&] { return weekend.add_ranges(); });
  }
  for (absl::CivilDay day = window.first; day < window.first + 30; ++day) {
    if (!dice.OneIn(6)) continue;
    v1::DayException& exception = *calendar.add_exceptions();
    exception.set_date(absl::FormatCivilTime(day));
    exception.set_kind(dice.OneIn(2) ? v1::DAY_KIND_HOLIDAY : v1::DAY_KIND_WORKING_DAY);
    if (exception.kind() == v1::DAY_KIND_HOLIDAY) {
      exception.set_name("放假");
      day += dice.Roll(0, 4);
      exception.set_last_date(absl::FormatCivilTime(day));
    } else if (dice.OneIn(2)) {
      AddRandomRanges(dice, grid, [&] { return exception.add_ranges(); });
    }
  }
  return calendar;
}

// Reads a definition one wall clock reading at a time.
class SlowCalendar {
 public:
  explicit SlowCalendar(const v1::Calendar& definition) : definition_(definition) {
    absl::LoadTimeZone(definition.time_zone(), &zone_);
  }

  absl::TimeZone zone() const { return zone_; }

  bool IsHoliday(absl::Time time) const {
    const v1::DayException* exception = ExceptionOf(absl::CivilDay(zone_.At(time).cs));
    return exception != nullptr && exception->kind() == v1::DAY_KIND_HOLIDAY;
  }

  bool IsOpen(absl::Time time) const {
    if (definition_.always()) return true;
    const absl::CivilSecond wall = zone_.At(time).cs;
    const std::string clock = absl::StrFormat("%02d:%02d", wall.hour(), wall.minute());
    for (const v1::HourRange& range : RangesOf(absl::CivilDay(wall))) {
      if (range.from() <= clock && clock < range.to()) return true;  // as text
    }
    return false;
  }

 private:
  using Ranges = google::protobuf::RepeatedPtrField<v1::HourRange>;

  const v1::DayException* ExceptionOf(absl::CivilDay day) const {
    const std::string date = absl::FormatCivilTime(day);
    for (const v1::DayException& exception : definition_.exceptions()) {
      const std::string& last =
          exception.last_date().empty() ? exception.date() : exception.last_date();
      if (exception.date() <= date && date <= last) return &exception;
    }
    return nullptr;
  }

  Ranges RangesOf(absl::CivilDay day) const {
    if (const v1::DayException* exception = ExceptionOf(day); exception != nullptr) {
      if (exception->kind() == v1::DAY_KIND_HOLIDAY) return {};
      return exception->ranges().empty() ? FirstHours() : exception->ranges();
    }
    return HoursOf(static_cast<int>(absl::GetWeekday(day)) + 1);
  }

  Ranges HoursOf(int weekday) const {
    for (const v1::WeeklyHours& weekly : definition_.weekly_hours()) {
      for (const int day : weekly.days()) {
        if (day == weekday) return weekly.ranges();
      }
    }
    return {};
  }

  Ranges FirstHours() const {
    for (int weekday = 1; weekday <= 7; ++weekday) {
      if (Ranges ranges = HoursOf(weekday); !ranges.empty()) return ranges;
    }
    return {};
  }

  const v1::Calendar definition_;
  absl::TimeZone zone_;
};

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_RANDOM_CALENDAR_H_
