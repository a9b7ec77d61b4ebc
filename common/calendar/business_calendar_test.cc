#include "common/calendar/business_calendar.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace crm::calendar {
namespace {

using ::testing::ElementsAre;

BusinessCalendar Compile(const std::string& text) {
  v1::Calendar definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &definition)) << text;
  auto calendar = BusinessCalendar::Compile(definition);
  EXPECT_TRUE(calendar.ok()) << calendar.status();
  return *std::move(calendar);
}

constexpr char kOfficeHours[] = R"pb(
  weekly_hours {
    days: [ WEEKDAY_MONDAY, WEEKDAY_TUESDAY, WEEKDAY_WEDNESDAY, WEEKDAY_THURSDAY, WEEKDAY_FRIDAY ]
    ranges { from: "09:00" to: "12:00" }
    ranges { from: "13:00" to: "18:00" }
  }
)pb";

// Official days of 2025: 国庆节 and 中秋节 together, with two make-up Saturdays and Sundays.
constexpr char kHolidays2025[] = R"pb(
  time_zone: "Asia/Shanghai"
  exceptions {
    date: "2025-10-01"
    last_date: "2025-10-08"
    kind: DAY_KIND_HOLIDAY
    name: "国庆节、中秋节"
  }
  exceptions { date: "2025-09-28" kind: DAY_KIND_WORKING_DAY name: "调休" }
  exceptions {
    date: "2025-10-11"
    kind: DAY_KIND_WORKING_DAY
    name: "调休"
    ranges { from: "10:00" to: "16:00" }
  }
)pb";

const BusinessCalendar& Office() {
  static const BusinessCalendar* const calendar =
      new BusinessCalendar(Compile(std::string(kOfficeHours) + kHolidays2025));
  return *calendar;
}

BusinessCalendar EveryDay(const std::string& zone, const std::string& from, const std::string& to) {
  return Compile("time_zone: '" + zone +
                 "' weekly_hours { days: [1, 2, 3, 4, 5, 6, 7] ranges { from: '" + from +
                 "' to: '" + to + "' } }");
}

absl::Time At(const std::string& text, const std::string& zone_name = "Asia/Shanghai") {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(zone_name, &zone));
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, zone, &time, &error)) << text << error;
  return time;
}

absl::Time Utc(const std::string& text) { return At(text, "UTC"); }

TEST(BusinessCalendar, WorkingTimeLeavesOutBreaksAndWeekends) {  // TIC-5
  // Friday 11:00 to Monday 10:00: 1 h, 5 h, 1 h.
  EXPECT_EQ(Office().WorkingBetween(At("2025-09-05 11:00"), At("2025-09-08 10:00")),
            absl::Hours(7));
  EXPECT_EQ(Office().WorkingBetween(At("2025-09-08 10:00"), At("2025-09-05 11:00")),
            absl::ZeroDuration());
  EXPECT_EQ(Office().WorkingBetween(At("2025-09-06 00:00"), At("2025-09-08 09:00")),
            absl::ZeroDuration());
}

TEST(BusinessCalendar, HolidaysAndMakeUpDays) {  // TIC-5
  // Tuesday before the holidays 17:00, 8 h: 1 h on the day, 7 h on Thursday the 9th.
  EXPECT_EQ(Office().AddWorking(At("2025-09-30 17:00"), absl::Hours(8)), At("2025-10-09 17:00"));
  // The make-up Sunday has the hours of a Monday.
  EXPECT_EQ(Office().WorkingBetween(At("2025-09-28 00:00"), At("2025-09-29 00:00")),
            absl::Hours(8));
  // The make-up Saturday has hours of its own.
  EXPECT_EQ(Office().AddWorking(At("2025-10-10 18:00"), absl::Hours(6)), At("2025-10-11 16:00"));
  EXPECT_TRUE(Office().IsWorking(At("2025-10-11 12:30")));
}

TEST(BusinessCalendar, StartOutsideHoursBeginsAtTheNextOpening) {  // TIC-5
  EXPECT_EQ(Office().AddWorking(At("2025-09-06 15:00"), absl::Hours(1)), At("2025-09-08 10:00"));
  EXPECT_EQ(Office().AddWorking(At("2025-09-08 12:20"), absl::Minutes(1)), At("2025-09-08 13:01"));
}

TEST(BusinessCalendar, DueOnClosingTimeIsThatClosingTime) {  // TIC-5
  EXPECT_EQ(Office().AddWorking(At("2025-09-05 10:00"), absl::Hours(2)), At("2025-09-05 12:00"));
  EXPECT_EQ(Office().AddWorking(At("2025-09-05 10:00"), absl::Hours(7)), At("2025-09-05 18:00"));
  EXPECT_EQ(Office().AddWorking(At("2025-09-30 10:00"), absl::Hours(7)), At("2025-09-30 18:00"));
  EXPECT_EQ(Office().AddWorking(At("2025-09-05 10:00"), absl::Hours(7) + absl::Microseconds(1)),
            At("2025-09-08 09:00") + absl::Microseconds(1));
}

TEST(BusinessCalendar, NothingToWorkEndsAtItsStart) {  // TIC-5
  EXPECT_EQ(Office().AddWorking(At("2025-09-06 15:00"), absl::ZeroDuration()),
            At("2025-09-06 15:00"));
  EXPECT_EQ(Office().AddWorking(At("2025-09-06 15:00"), -absl::Hours(1)), At("2025-09-06 15:00"));
}

TEST(BusinessCalendar, OpenIsHalfOpen) {  // TIC-5
  const absl::Duration tick = absl::Microseconds(1);
  EXPECT_FALSE(Office().IsWorking(At("2025-09-05 09:00") - tick));
  EXPECT_TRUE(Office().IsWorking(At("2025-09-05 09:00")));
  EXPECT_TRUE(Office().IsWorking(At("2025-09-05 12:00") - tick));
  EXPECT_FALSE(Office().IsWorking(At("2025-09-05 12:00")));
  EXPECT_FALSE(Office().IsWorking(At("2025-10-01 10:00")));
}

TEST(BusinessCalendar, NextOpen) {  // TIC-5
  EXPECT_EQ(Office().NextOpen(At("2025-09-05 10:30")), At("2025-09-05 10:30"));
  EXPECT_EQ(Office().NextOpen(At("2025-09-05 10:30") + absl::Nanoseconds(7)),
            At("2025-09-05 10:30") + absl::Nanoseconds(7));
  EXPECT_EQ(Office().NextOpen(At("2025-09-05 12:00")), At("2025-09-05 13:00"));
  EXPECT_EQ(Office().NextOpen(At("2025-09-30 18:00")), At("2025-10-09 09:00"));
  EXPECT_EQ(Office().NextOpen(At("2025-09-26 18:00")), At("2025-09-28 09:00"));
}

TEST(BusinessCalendar, AroundTheClock) {  // TIC-5
  const absl::Time start = At("2025-10-01 03:00");
  for (const BusinessCalendar& calendar :
       {BusinessCalendar::Always(), Compile("time_zone: 'Europe/Berlin' always: true")}) {
    EXPECT_EQ(calendar.AddWorking(start, absl::Hours(10'000)), start + absl::Hours(10'000));
    EXPECT_EQ(calendar.WorkingBetween(start, start + absl::Hours(5)), absl::Hours(5));
    EXPECT_EQ(calendar.NextOpen(start), start);
    EXPECT_EQ(calendar.Segments(start, start + absl::Hours(500)).size(), 1u);
  }
}

TEST(BusinessCalendar, HoursUntilAndAfterMidnightAreOneShift) {  // TIC-5
  const BusinessCalendar night = Compile(R"pb(
    time_zone: "Asia/Shanghai"
    weekly_hours {
      days: WEEKDAY_FRIDAY
      ranges { from: "22:00" to: "24:00" }
    }
    weekly_hours {
      days: WEEKDAY_SATURDAY
      ranges { from: "00:00" to: "06:00" }
    }
  )pb");
  EXPECT_EQ(night.AddWorking(At("2025-09-05 22:00"), absl::Hours(2)), At("2025-09-06 00:00"));
  EXPECT_EQ(night.AddWorking(At("2025-09-05 22:00"), absl::Hours(8)), At("2025-09-06 06:00"));
  EXPECT_EQ(
      night.Segments(At("2025-09-05 21:00"), At("2025-09-06 07:00")),
      (std::vector<Span>{{At("2025-09-05 21:00"), At("2025-09-05 22:00"), SpanKind::kClosed, ""},
                         {At("2025-09-05 22:00"), At("2025-09-06 06:00"), SpanKind::kOpen, ""},
                         {At("2025-09-06 06:00"), At("2025-09-06 07:00"), SpanKind::kClosed, ""}}));
}

TEST(BusinessCalendar, ExhaustedCalendarSaysNever) {  // TIC-5
  // One single Saturday, and no weekly hours.
  const BusinessCalendar once = Compile(R"pb(
    time_zone: "Asia/Shanghai"
    exceptions {
      date: "2025-10-11"
      kind: DAY_KIND_WORKING_DAY
      ranges { from: "10:00" to: "16:00" }
    }
  )pb");
  const absl::Time before = At("2020-01-01 00:00");
  EXPECT_EQ(once.AddWorking(before, absl::Hours(6)), At("2025-10-11 16:00"));
  EXPECT_EQ(once.AddWorking(before, absl::Hours(6) + absl::Microseconds(1)), std::nullopt);
  EXPECT_EQ(once.AddWorking(At("2025-10-11 16:00"), absl::Microseconds(1)), std::nullopt);
  EXPECT_EQ(once.NextOpen(before), At("2025-10-11 10:00"));
  EXPECT_EQ(once.NextOpen(At("2025-10-11 16:00")), std::nullopt);
  EXPECT_EQ(once.AddWorkingDays(absl::CivilDay(2020, 1, 1), 1), absl::CivilDay(2025, 10, 11));
  EXPECT_EQ(once.AddWorkingDays(absl::CivilDay(2020, 1, 1), 2), std::nullopt);
}

TEST(BusinessCalendar, SkippedHourIsNobodysWork) {  // TIC-5
  // Berlin, 2026-03-29: 02:00 is followed by 03:00, at 01:00 UTC.
  const BusinessCalendar night = EveryDay("Europe/Berlin", "01:30", "04:00");
  EXPECT_EQ(night.WorkingBetween(Utc("2026-03-29 00:00"), Utc("2026-03-29 12:00")),
            absl::Minutes(90));
  EXPECT_EQ(night.AddWorking(Utc("2026-03-29 00:30"), absl::Hours(1)), Utc("2026-03-29 01:30"));
  // Hours that lie in the gap altogether are not worked on that day.
  const BusinessCalendar gap = EveryDay("Europe/Berlin", "02:15", "02:45");
  EXPECT_EQ(gap.NextOpen(Utc("2026-03-29 00:00")), Utc("2026-03-30 00:15"));
}

TEST(BusinessCalendar, RepeatedHourIsWorkedTwice) {  // TIC-5
  // New York, 2026-11-01: 02:00 EDT is 01:00 EST again, at 06:00 UTC.
  const BusinessCalendar night = EveryDay("America/New_York", "01:00", "01:30");
  EXPECT_EQ(night.WorkingBetween(Utc("2026-11-01 04:00"), Utc("2026-11-02 04:00")), absl::Hours(1));
  EXPECT_EQ(night.AddWorking(Utc("2026-11-01 05:00"), absl::Minutes(30)), Utc("2026-11-01 05:30"));
  EXPECT_EQ(night.AddWorking(Utc("2026-11-01 05:00"), absl::Minutes(40)), Utc("2026-11-01 06:10"));
  EXPECT_EQ(night.Segments(Utc("2026-11-01 05:00"), Utc("2026-11-01 07:00")),
            (std::vector<Span>{
                {Utc("2026-11-01 05:00"), Utc("2026-11-01 05:30"), SpanKind::kOpen, ""},
                {Utc("2026-11-01 05:30"), Utc("2026-11-01 06:00"), SpanKind::kClosed, ""},
                {Utc("2026-11-01 06:00"), Utc("2026-11-01 06:30"), SpanKind::kOpen, ""},
                {Utc("2026-11-01 06:30"), Utc("2026-11-01 07:00"), SpanKind::kClosed, ""}}));
}

TEST(BusinessCalendar, WorkingDayAcrossAClockChangeKeepsItsWallClock) {  // TIC-5
  const BusinessCalendar office = EveryDay("America/New_York", "09:00", "17:00");
  const std::string zone = "America/New_York";
  EXPECT_EQ(office.AddWorking(At("2026-03-07 16:00", zone), absl::Hours(2)),
            At("2026-03-08 10:00", zone));
  EXPECT_EQ(office.AddWorking(At("2026-10-31 16:00", zone), absl::Hours(2)),
            At("2026-11-01 10:00", zone));
}

TEST(BusinessCalendar, HalfHourClockChange) {  // TIC-5
  // Lord Howe, 2026-04-05: 02:00 (+11) is 01:30 (+10:30) again.
  const BusinessCalendar night = EveryDay("Australia/Lord_Howe", "01:00", "03:00");
  EXPECT_EQ(night.WorkingBetween(Utc("2026-04-04 12:00"), Utc("2026-04-05 12:00")),
            absl::Minutes(150));
}

TEST(BusinessCalendar, DateThatNeverWas) {  // TIC-5
  // Apia went from 2011-12-29 24:00 to 2011-12-31 00:00.
  const BusinessCalendar office = EveryDay("Pacific/Apia", "09:00", "17:00");
  EXPECT_EQ(office.AddWorking(At("2011-12-29 16:00", "Pacific/Apia"), absl::Hours(2)),
            At("2011-12-31 10:00", "Pacific/Apia"));
}

TEST(BusinessCalendar, FarFutureAndPastAreAsExact) {  // TIC-5
  // 2326-09-01 is a Thursday, too: 300 years are 109573 days, of 15653 weeks and 2 days.
  EXPECT_EQ(Office().AddWorking(At("2326-09-03 17:00"), absl::Hours(2)), At("2326-09-06 10:00"));
  const std::string zone = "Europe/Berlin";
  const BusinessCalendar berlin = EveryDay(zone, "09:00", "17:00");
  EXPECT_EQ(berlin.AddWorking(At("2400-07-01 16:00", zone), absl::Hours(2)),
            At("2400-07-02 10:00", zone));
  EXPECT_EQ(berlin.AddWorking(At("1950-01-01 16:00", zone), absl::Hours(2)),
            At("1950-01-02 10:00", zone));
  // A thousand years at once.
  EXPECT_EQ(berlin.WorkingBetween(At("2000-01-01 00:00", "UTC"), At("3000-01-01 00:00", "UTC")),
            absl::Hours(8) * 365'243);
  EXPECT_EQ(berlin.AddWorking(absl::InfiniteFuture(), absl::Hours(1)).has_value(), true);
  EXPECT_FALSE(Office().IsWorking(absl::InfinitePast()) &&
               Office().IsWorking(absl::InfiniteFuture()));
}

TEST(BusinessCalendar, SegmentsNameHolidays) {  // TIC-15
  const std::string name = "国庆节、中秋节";
  EXPECT_EQ(
      Office().Segments(At("2025-09-30 17:00"), At("2025-10-09 10:00")),
      (std::vector<Span>{{At("2025-09-30 17:00"), At("2025-09-30 18:00"), SpanKind::kOpen, ""},
                         {At("2025-09-30 18:00"), At("2025-10-01 00:00"), SpanKind::kClosed, ""},
                         {At("2025-10-01 00:00"), At("2025-10-09 00:00"), SpanKind::kHoliday, name},
                         {At("2025-10-09 00:00"), At("2025-10-09 09:00"), SpanKind::kClosed, ""},
                         {At("2025-10-09 09:00"), At("2025-10-09 10:00"), SpanKind::kOpen, ""}}));
  EXPECT_TRUE(Office().Segments(At("2025-09-30 17:00"), At("2025-09-30 17:00")).empty());
}

TEST(BusinessCalendar, WorkingDays) {  // CAM-9
  // Ended on Tuesday the 30th: the holidays, then Thursday, Friday, make-up Saturday.
  EXPECT_EQ(Office().AddWorkingDays(absl::CivilDay(2025, 9, 30), 3), absl::CivilDay(2025, 10, 11));
  EXPECT_EQ(Office().AddWorkingDays(absl::CivilDay(2025, 9, 5), 3), absl::CivilDay(2025, 9, 10));
  EXPECT_EQ(Office().AddWorkingDays(absl::CivilDay(2025, 10, 4), 1), absl::CivilDay(2025, 10, 9));
  EXPECT_EQ(Office().AddWorkingDays(absl::CivilDay(2025, 10, 4), 0), absl::CivilDay(2025, 10, 9));
  EXPECT_EQ(Office().AddWorkingDays(absl::CivilDay(2025, 10, 9), 0), absl::CivilDay(2025, 10, 9));
  // 100 000 weeks, in which six weekdays are off and two days of weekends are not.
  EXPECT_EQ(Office().AddWorkingDays(absl::CivilDay(2025, 9, 8), 500'000),
            absl::CivilDay(2025, 9, 8) + 700'004);
  EXPECT_EQ(BusinessCalendar::Always().AddWorkingDays(absl::CivilDay(2025, 9, 30), 3),
            absl::CivilDay(2025, 10, 3));
}

}  // namespace
}  // namespace crm::calendar
