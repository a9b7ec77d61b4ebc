// What a calendar's definition must be beyond its declarations (TIC-5). Pure.
#ifndef CRM_COMMON_CALENDAR_CALENDAR_RULES_H_
#define CRM_COMMON_CALENDAR_CALENDAR_RULES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/calendar/wall_hours.h"
#include "common/schema/validate.h"
#include "crm/calendar/v1/calendar.pb.h"

namespace crm::calendar {

// All that is wrong; nothing = it compiles. Fields are named from `path`, the calendar's place in
// the request (`settings.calendar`; empty = the request is the calendar):
// `settings.calendar.weekly_hours[1].ranges[0].to`.
//
// Rules: TIME_ZONE_UNKNOWN; TIME_FORMAT; RANGE_ORDER (an end not after its beginning: hours past
// midnight are two ranges); RANGES_OVERLAP; RANGES_MISSING; DAYS_MISSING; WEEKDAY_UNKNOWN;
// WEEKDAY_TWICE; DATE_FORMAT; DATE_ORDER; PERIOD_TOO_LONG; DATE_TWICE; KIND_UNKNOWN;
// HOLIDAY_WITH_HOURS; HOURS_MISSING (a working day without hours of its own where no weekday has
// any); ALWAYS_WITH_HOURS; CALENDAR_EMPTY.
std::vector<schema::Violation> CheckCalendar(const v1::Calendar& calendar,
                                             std::string_view path = "");

// Names that mean a place in the zone database, `Asia/Shanghai`: no files, no `localtime`.
std::optional<absl::TimeZone> FindZone(const std::string& name);

// Of ranges without faults.
DayHours ToDayHours(const google::protobuf::RepeatedPtrField<v1::HourRange>& ranges);

// The dates of an exception without faults: first and last, included.
struct Period {
  absl::CivilDay first;
  absl::CivilDay last;
};
Period PeriodOf(const v1::DayException& exception);

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_CALENDAR_RULES_H_
