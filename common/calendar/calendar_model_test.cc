// The calendar against a slow, obvious model: a list of the instants at which anything can change,
// and the wall clock read in the middle of each piece.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/calendar/business_calendar.h"
#include "common/calendar/random_calendar.h"

namespace crm::calendar {
namespace {

constexpr int kCalendars = 150;
constexpr int kCasesPerCalendar = 100;
constexpr int kDays = 45;
constexpr int64_t kGrid = 5;  // minutes

struct Piece {
  absl::Time from;
  absl::Time to;
  bool open;
  bool holiday;
};

// All of the window, in pieces of five minutes: no range and no change of a clock lies within one.
std::vector<Piece> PiecesOf(const SlowCalendar& slow, absl::Time begin) {
  std::vector<Piece> pieces;
  for (int64_t i = 0; i < kDays * kMinutesOfDay / kGrid; ++i) {
    const absl::Time from = begin + absl::Minutes(i * kGrid);
    pieces.push_back({from, from + absl::Minutes(kGrid), slow.IsOpen(from), slow.IsHoliday(from)});
  }
  return pieces;
}

absl::Duration SlowWorkingBetween(const std::vector<Piece>& pieces, absl::Time from,
                                  absl::Time to) {
  absl::Duration worked;
  for (const Piece& piece : pieces) {
    const absl::Time begin = std::max(from, piece.from);
    const absl::Time end = std::min(to, piece.to);
    if (piece.open && begin < end) worked += end - begin;
  }
  return worked;
}

// Nothing if it is not in the window.
std::optional<absl::Time> SlowAddWorking(const std::vector<Piece>& pieces, absl::Time start,
                                         absl::Duration work) {
  for (const Piece& piece : pieces) {
    const absl::Time begin = std::max(start, piece.from);
    if (!piece.open || begin >= piece.to) continue;
    if (piece.to - begin >= work) return begin + work;
    work -= piece.to - begin;
  }
  return std::nullopt;
}

std::optional<absl::Time> SlowNextOpen(const std::vector<Piece>& pieces, absl::Time time) {
  for (const Piece& piece : pieces) {
    if (piece.open && piece.to > time) return std::max(time, piece.from);
  }
  return std::nullopt;
}

void CheckSegments(const BusinessCalendar& calendar, const std::vector<Piece>& pieces,
                   absl::Time from, absl::Time to) {
  std::vector<Span> expected;
  for (const Piece& piece : pieces) {
    const absl::Time begin = std::max(from, piece.from);
    const absl::Time end = std::min(to, piece.to);
    if (begin >= end) continue;
    const SpanKind kind = piece.open      ? SpanKind::kOpen
                          : piece.holiday ? SpanKind::kHoliday
                                          : SpanKind::kClosed;
    if (!expected.empty() && expected.back().kind == kind) {
      expected.back().to = end;
    } else {
      expected.push_back({begin, end, kind, piece.holiday ? "放假" : ""});
    }
  }
  EXPECT_EQ(calendar.Segments(from, to), expected);
}

TEST(CalendarModel, AgreesOnRandomCalendarsAndTimes) {  // TIC-5, QUA-11
  for (int i = 0; i < kCalendars; ++i) {
    Dice dice(static_cast<uint64_t>(i));
    const RandomWindow window = PickWindow(dice);
    const v1::Calendar definition = RandomCalendar(dice, window, kGrid);
    const auto calendar = BusinessCalendar::Compile(definition);
    ASSERT_TRUE(calendar.ok()) << calendar.status();
    const SlowCalendar slow(definition);
    const absl::Time begin = absl::FromCivil(window.first - 5, slow.zone());
    const std::vector<Piece> pieces = PiecesOf(slow, begin);
    SCOPED_TRACE(definition.DebugString());
    for (int j = 0; j < kCasesPerCalendar; ++j) {
      // On the grid and off it.
      const int64_t unit = dice.OneIn(2) ? kGrid * 60'000'000 : 1;
      const auto time = [&](int64_t from_hour, int64_t to_hour) {
        const int64_t step = int64_t{3'600'000'000} / unit;
        return absl::Microseconds(dice.Roll(from_hour * step, to_hour * step) * unit);
      };
      const absl::Time from = begin + time(0, int64_t{30} * 24);
      const absl::Time to = from + time(0, int64_t{14} * 24);
      const absl::Duration work = absl::Microseconds(unit) + time(0, 60);
      SCOPED_TRACE(absl::StrCat("case ", i, ".", j, ": ", absl::FormatTime(from), " ",
                                absl::FormatTime(to), " ", absl::FormatDuration(work)));
      ASSERT_EQ(calendar->WorkingBetween(from, to), SlowWorkingBetween(pieces, from, to));
      if (const auto due = SlowAddWorking(pieces, from, work); due.has_value()) {
        ASSERT_EQ(calendar->AddWorking(from, work), due);
      }
      if (const auto open = SlowNextOpen(pieces, from); open.has_value()) {
        ASSERT_EQ(calendar->NextOpen(from), open);
      }
      ASSERT_EQ(calendar->IsWorking(from), slow.IsOpen(from));
      if (j % 20 == 0) CheckSegments(*calendar, pieces, from, to);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// Counts day by day.
absl::CivilDay SlowAddWorkingDays(const SlowCalendar& slow, absl::CivilDay date, int64_t count) {
  while (true) {
    ++date;
    bool open = false;
    for (int64_t minute = 0; minute < kMinutesOfDay; minute += kGrid) {
      // In this zone every wall clock reading exists once.
      open |= slow.IsOpen(absl::FromCivil(absl::CivilMinute(date) + minute, slow.zone()));
    }
    if (open && --count == 0) return date;
  }
}

TEST(CalendarModel, AgreesOnWorkingDays) {  // CAM-9
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Dice dice(seed);
    const RandomWindow window = {"Asia/Shanghai", absl::CivilDay(2026, 9, 20)};
    const v1::Calendar definition = RandomCalendar(dice, window, kGrid);
    const auto calendar = BusinessCalendar::Compile(definition);
    ASSERT_TRUE(calendar.ok()) << calendar.status();
    const SlowCalendar slow(definition);
    const absl::CivilDay date = window.first + dice.Roll(-5, 30);
    const int64_t count = dice.Roll(1, 12);
    EXPECT_EQ(calendar->AddWorkingDays(date, count), SlowAddWorkingDays(slow, date, count))
        << date << " " << count << "\n"
        << definition.DebugString();
  }
}

}  // namespace
}  // namespace crm::calendar
