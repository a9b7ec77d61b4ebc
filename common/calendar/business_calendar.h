// A business calendar: when people work, for all time (TIC-5). Hours of every week with several
// ranges a day, holidays, make-up working days, a time zone; or 24×7.
//
//   CRM_ASSIGN_OR_RETURN(const BusinessCalendar calendar, BusinessCalendar::Compile(definition));
//   std::optional<absl::Time> due = calendar.AddWorking(opened, absl::Hours(8));
//   if (!due.has_value()) …  // never: the calendar has no such hours to come
//
// An instant is open if the wall clock of the zone then shows an hour of that date. Hours are wall
// clock, durations are real elapsed time: an hour that the clock skips in spring is nobody's work,
// one that it shows twice in autumn is worked twice.
//
// Everything is half-open: a range 09:00–18:00 is open at 09:00 and closed at 18:00; a span [a, b)
// has a and not b. A duration that is used up at 18:00 ends at that 18:00, not at the next opening.
//
// Times count in whole microseconds; finer parts are cut. Zone rules are known to the year 2437,
// after that the last offset stays. Apart from Segments every call takes a few binary searches,
// however far apart its times are.
#ifndef CRM_COMMON_CALENDAR_BUSINESS_CALENDAR_H_
#define CRM_COMMON_CALENDAR_BUSINESS_CALENDAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/calendar/sorted_index.h"
#include "common/calendar/wall_hours.h"
#include "common/calendar/zone_offsets.h"
#include "common/schema/language.h"
#include "crm/calendar/v1/calendar.pb.h"

namespace crm::calendar {

enum class SpanKind {
  kOpen,
  kClosed,   // outside hours
  kHoliday,  // on a date that is declared a holiday
};

// [from, to), never empty.
struct Span {
  absl::Time from;
  absl::Time to;
  SpanKind kind = SpanKind::kClosed;
  std::string holiday;  // name of a holiday, if it has one

  bool operator==(const Span&) const = default;
};

// Immutable, thread-safe.
class BusinessCalendar {
 public:
  // INVALID_ARGUMENT FIELD_INVALID with everything CheckCalendar (calendar_rules.h) finds.
  static absl::StatusOr<BusinessCalendar> Compile(
      const v1::Calendar& definition, schema::Language language = schema::Language::kEnglish);
  // 24×7.
  static BusinessCalendar Always();

  // Working time in [from, to); zero if `to` is not after `from`.
  absl::Duration WorkingBetween(absl::Time from, absl::Time to) const;

  // The earliest instant at which `work` has been worked since `start`: at closing time, if it ends
  // there. `start` itself if `work` is not positive. Nothing = never.
  std::optional<absl::Time> AddWorking(absl::Time start, absl::Duration work) const;

  bool IsWorking(absl::Time time) const;

  // The first open instant at or after `time`; nothing = never.
  std::optional<absl::Time> NextOpen(absl::Time time) const;

  // Spans that cover [from, to) without gaps; neighbours differ. Takes time by the days between.
  std::vector<Span> Segments(absl::Time from, absl::Time to) const;

  // The `count`-th working day after `date`; count < 1 = the first one at or after it. A working
  // day is a date with hours; zones do not matter. Nothing = never.
  std::optional<absl::CivilDay> AddWorkingDays(absl::CivilDay date, int64_t count) const;

 private:
  struct Parts {
    WallHours::Week week;
    std::vector<WallHours::Exception> exceptions;
    absl::flat_hash_map<int64_t, std::string> holidays;  // name by date
    absl::TimeZone zone;
  };
  explicit BusinessCalendar(Parts parts);

  // Working time before an instant, counted from an arbitrary origin.
  int64_t Before(int64_t micros) const;
  // Fills wall_shift_; gives what worked_at_start_ is made of.
  std::vector<int64_t> JoinPieces();
  // The earliest instant with Before(instant) >= worked.
  std::optional<int64_t> Reach(int64_t worked) const;
  void AddDaySegments(int64_t day, int64_t from, int64_t to, int64_t offset,
                      std::vector<Span>& spans) const;

  WallHours hours_;
  // Each working day as one microsecond: counting them is then the same as counting time.
  WallHours days_;
  absl::flat_hash_map<int64_t, std::string> holidays_;
  ZoneOffsets zone_;
  // Of each piece of the zone: what to add to the working time of its wall clock.
  std::vector<int64_t> wall_shift_;
  // Of each piece but the first: working time before it begins.
  SortedIndex worked_at_start_;
};

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_BUSINESS_CALENDAR_H_
