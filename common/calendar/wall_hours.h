// Working time on a wall clock that is never put forward or back: hours of every week, and dates
// with hours of their own. The part of a business calendar below time zones.
//
// Wall time is counted in microseconds since 1970-01-01 00:00 on that clock, working time in
// microseconds. Every question takes at most O(log exceptions) time, however far apart the times
// are.
#ifndef CRM_COMMON_CALENDAR_WALL_HOURS_H_
#define CRM_COMMON_CALENDAR_WALL_HOURS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/calendar/sorted_index.h"

namespace crm::calendar {

inline constexpr int64_t kMicrosOfDay = int64_t{24} * 60 * 60 * 1'000'000;

// Rounds towards the past.
constexpr int64_t FloorDiv(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// Open from `from` (included) to `to` (excluded), microseconds since midnight.
struct DayRange {
  int64_t from = 0;
  int64_t to = 0;
};

// Hours of one date, sorted, without overlaps.
class DayHours {
 public:
  DayHours() = default;
  // `ranges` sorted, without overlaps.
  explicit DayHours(std::vector<DayRange> ranges);

  const std::vector<DayRange>& ranges() const { return ranges_; }
  int64_t total() const { return total_; }

  // Working time from midnight to `time` of the day.
  int64_t Before(int64_t time) const {
    int64_t worked = 0;
    for (const DayRange& range : ranges_) {
      if (time < range.to) return worked + (time > range.from ? time - range.from : 0);
      worked += range.to - range.from;
    }
    return worked;
  }

  // The earliest time of the day with Before(time) == worked, which lies in (0, total()].
  int64_t Reach(int64_t worked) const {
    for (const DayRange& range : ranges_) {
      const int64_t length = range.to - range.from;
      if (worked <= length) return range.from + worked;
      worked -= length;
    }
    return kMicrosOfDay;
  }

 private:
  std::vector<DayRange> ranges_;
  int64_t total_ = 0;
};

// Immutable, thread-safe.
class WallHours {
 public:
  // Monday first.
  using Week = std::array<DayHours, 7>;
  // A date, in days since 1970-01-01, and its hours.
  using Exception = std::pair<int64_t, DayHours>;

  // `exceptions` with different dates, in any order.
  WallHours(Week week, std::vector<Exception> exceptions);

  // Working time before `wall`, counted from an arbitrary origin: only differences mean something.
  int64_t Before(int64_t wall) const;

  // The earliest wall time with Before(wall) >= worked; nothing if there is not so much work to
  // come. `worked` lies after Before() of some time.
  std::optional<int64_t> Reach(int64_t worked) const;

  // Hours of a date.
  const DayHours& HoursOf(int64_t day) const;

 private:
  struct Dated {
    DayHours hours;
    int64_t before = 0;  // Before(midnight)
    int64_t shift = 0;   // what exceptions up to this one add to the hours of the week
  };

  // Of whole weeks and days, without exceptions; origin is Monday, 1969-12-29.
  int64_t RegularBefore(int64_t day) const;
  // Fills week sums and exceptions_; gives what exception_ends_ is made of.
  std::vector<int64_t> AddUp(std::vector<Exception> exceptions);

  Week week_;
  std::array<int64_t, 7> before_in_week_ = {};
  int64_t week_total_ = 0;
  std::vector<Dated> exceptions_;  // in the order of their dates
  SortedIndex exception_days_;
  SortedIndex exception_ends_;  // Before(next midnight) of each
};

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_WALL_HOURS_H_
