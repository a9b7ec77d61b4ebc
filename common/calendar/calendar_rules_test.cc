#include "common/calendar/calendar_rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "common/calendar/business_calendar.h"
#include "common/error/error.h"

namespace crm::calendar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Calendar Parse(const std::string& text) {
  v1::Calendar calendar;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &calendar)) << text;
  return calendar;
}

v1::Calendar Weekdays() {
  return Parse(R"pb(
    time_zone: "Asia/Shanghai"
    weekly_hours {
      days: [ WEEKDAY_MONDAY, WEEKDAY_TUESDAY, WEEKDAY_WEDNESDAY, WEEKDAY_THURSDAY, WEEKDAY_FRIDAY ]
      ranges { from: "13:00" to: "18:00" }
      ranges { from: "09:00" to: "12:00" }
    }
  )pb");
}

// `field: RULE` of each violation, all of which say in both languages how to mend it.
std::vector<std::string> Faults(const v1::Calendar& calendar, std::string_view path = "") {
  std::vector<std::string> faults;
  for (const schema::Violation& violation : CheckCalendar(calendar, path)) {
    EXPECT_FALSE(violation.mend_en.empty()) << violation.rule;
    EXPECT_FALSE(violation.mend_zh.empty()) << violation.rule;
    faults.push_back(violation.field + ": " + violation.rule);
  }
  return faults;
}

std::vector<std::string> FaultsWith(const std::string& text) {
  v1::Calendar calendar = Weekdays();
  calendar.MergeFrom(Parse(text));
  return Faults(calendar);
}

TEST(CalendarRules, GoodCalendarsHaveNoFaults) {  // TIC-5
  EXPECT_THAT(Faults(Weekdays()), IsEmpty());
  EXPECT_THAT(Faults(Parse(R"pb(time_zone: "UTC" always: true)pb")), IsEmpty());
  EXPECT_THAT(FaultsWith(R"pb(
                weekly_hours {
                  days: WEEKDAY_SATURDAY
                  ranges { from: "00:00" to: "09:00" }
                  ranges { from: "09:00" to: "24:00" }
                }
                exceptions {
                  date: "2026-10-01"
                  last_date: "2026-10-08"
                  kind: DAY_KIND_HOLIDAY
                  name: "国庆节"
                }
                exceptions { date: "2026-10-10" kind: DAY_KIND_WORKING_DAY }
              )pb"),
              IsEmpty());
}

TEST(CalendarRules, ZonesAreIanaNamesOnly) {  // TIC-5
  for (const char* name : {"", "Shanghai", "localtime", "/etc/localtime", "file:/etc/localtime",
                           "Asia/../UTC", "Fixed/UTC+08:00:00", "right/Europe/Berlin", "+08:00"}) {
    v1::Calendar calendar = Weekdays();
    calendar.set_time_zone(name);
    EXPECT_THAT(Faults(calendar), ElementsAre("time_zone: TIME_ZONE_UNKNOWN")) << name;
  }
}

TEST(CalendarRules, AlwaysExcludesHours) {  // TIC-5
  EXPECT_THAT(FaultsWith("always: true"), ElementsAre("always: ALWAYS_WITH_HOURS"));
}

TEST(CalendarRules, EmptyCalendarIsRefused) {  // TIC-5
  EXPECT_THAT(Faults(Parse(R"pb(time_zone: "UTC")pb")),
              ElementsAre("weekly_hours: CALENDAR_EMPTY"));
}

TEST(CalendarRules, RangesAreTimesInOrder) {  // TIC-5
  EXPECT_THAT(FaultsWith(R"pb(weekly_hours {
                                days: WEEKDAY_SUNDAY
                                ranges { from: "9:00" to: "12:00" }
                                ranges { from: "24:00" to: "24:00" }
                                ranges { from: "13:00" to: "24:01" }
                                ranges { from: "14:00" to: "14:00" }
                                ranges { from: "15:00" to: "16:60" }
                              })pb"),
              ElementsAre("weekly_hours[1].ranges[0].from: TIME_FORMAT",
                          "weekly_hours[1].ranges[1].from: TIME_FORMAT",
                          "weekly_hours[1].ranges[2].to: TIME_FORMAT",
                          "weekly_hours[1].ranges[3].to: RANGE_ORDER",
                          "weekly_hours[1].ranges[4].to: TIME_FORMAT"));
}

TEST(CalendarRules, OvernightRangeIsRefusedWithTheWayToWriteIt) {  // TIC-5
  v1::Calendar calendar = Weekdays();
  calendar.mutable_weekly_hours(0)->mutable_ranges(0)->set_from("22:00");
  calendar.mutable_weekly_hours(0)->mutable_ranges(0)->set_to("06:00");
  const auto violations = CheckCalendar(calendar, "team.calendar");
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "team.calendar.weekly_hours[0].ranges[0].to");
  EXPECT_EQ(violations[0].rule, "RANGE_ORDER");
  EXPECT_THAT(violations[0].mend_en, ::testing::HasSubstr("second range on the next day"));
  EXPECT_THAT(violations[0].mend_zh, ::testing::HasSubstr("跨夜"));
}

TEST(CalendarRules, RangesOfADayDoNotOverlap) {  // TIC-5
  EXPECT_THAT(FaultsWith(R"pb(weekly_hours {
                                days: WEEKDAY_SUNDAY
                                ranges { from: "10:00" to: "12:00" }
                                ranges { from: "09:00" to: "10:01" }
                              })pb"),
              ElementsAre("weekly_hours[1].ranges[0]: RANGES_OVERLAP"));
}

TEST(CalendarRules, WeekdaysAreNamedOnce) {  // TIC-5
  EXPECT_THAT(
      FaultsWith(R"pb(weekly_hours {
                        days: [ WEEKDAY_SUNDAY, WEEKDAY_MONDAY, WEEKDAY_UNSPECIFIED ]
                        ranges { from: "10:00" to: "12:00" }
                      }
                      weekly_hours {})pb"),
      ElementsAre("weekly_hours[1].days[1]: WEEKDAY_TWICE",
                  "weekly_hours[1].days[2]: WEEKDAY_UNKNOWN", "weekly_hours[2].days: DAYS_MISSING",
                  "weekly_hours[2].ranges: RANGES_MISSING"));
}

TEST(CalendarRules, DatesExistAndAreNamedOnce) {  // TIC-5
  EXPECT_THAT(
      FaultsWith(R"pb(
        exceptions { date: "2026-02-29" kind: DAY_KIND_HOLIDAY }
        exceptions { date: "2026-03-01" last_date: "2026-3-2" kind: DAY_KIND_HOLIDAY }
        exceptions { date: "2026-03-05" last_date: "2026-03-04" kind: DAY_KIND_HOLIDAY }
        exceptions { date: "2026-03-05" last_date: "2026-04-06" kind: DAY_KIND_HOLIDAY }
        exceptions { date: "2026-10-01" last_date: "2026-10-08" kind: DAY_KIND_HOLIDAY }
        exceptions { date: "2026-10-08" kind: DAY_KIND_WORKING_DAY }
        exceptions { date: "2026-12-01" }
      )pb"),
      ElementsAre("exceptions[0].date: DATE_FORMAT", "exceptions[1].last_date: DATE_FORMAT",
                  "exceptions[2].last_date: DATE_ORDER", "exceptions[3].last_date: PERIOD_TOO_LONG",
                  "exceptions[5].date: DATE_TWICE", "exceptions[6].kind: KIND_UNKNOWN"));
}

TEST(CalendarRules, HolidaysHaveNoHoursAndWorkingDaysHaveSome) {  // TIC-5
  EXPECT_THAT(FaultsWith(R"pb(exceptions {
                                date: "2026-10-01"
                                kind: DAY_KIND_HOLIDAY
                                ranges { from: "10:00" to: "12:00" }
                              })pb"),
              ElementsAre("exceptions[0].ranges: HOLIDAY_WITH_HOURS"));
  EXPECT_THAT(Faults(Parse(R"pb(time_zone: "UTC"
                                exceptions { date: "2026-10-10" kind: DAY_KIND_WORKING_DAY })pb")),
              ElementsAre("exceptions[0].ranges: HOURS_MISSING"));
}

TEST(CalendarRules, CompileRefusesWithTypedError) {  // TIC-5, PLT-7
  const auto calendar = BusinessCalendar::Compile(v1::Calendar());
  EXPECT_EQ(calendar.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(calendar.status()), "FIELD_INVALID");
}

}  // namespace
}  // namespace crm::calendar
