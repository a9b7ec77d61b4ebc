#include "common/calendar/business_calendar.h"

#include <algorithm>
#include <utility>

#include "common/calendar/calendar_rules.h"

namespace crm::calendar {
namespace {

// Times further away count as these: 73 000 years, so that sums do not overflow.
constexpr int64_t kEnd = int64_t{1} << 61;
constexpr absl::CivilDay kEpochDay(1970, 1, 1);

int64_t Micros(absl::Time time) { return std::clamp(absl::ToUnixMicros(time), -kEnd, kEnd); }

int64_t DayNumber(absl::CivilDay date) {
  return std::clamp<int64_t>(date - kEpochDay, -kEnd / kMicrosOfDay, kEnd / kMicrosOfDay);
}

DayHours AllDay() { return DayHours({{0, kMicrosOfDay}}); }

// One microsecond if there are hours.
DayHours Mark(const DayHours& hours) { return hours.total() > 0 ? DayHours({{0, 1}}) : DayHours(); }

WallHours MarkDays(const WallHours::Week& week,
                   const std::vector<WallHours::Exception>& exceptions) {
  WallHours::Week marked_week;
  std::transform(week.begin(), week.end(), marked_week.begin(), Mark);
  std::vector<WallHours::Exception> marked;
  marked.reserve(exceptions.size());
  for (const auto& [day, hours] : exceptions) marked.emplace_back(day, Mark(hours));
  return {std::move(marked_week), std::move(marked)};
}

WallHours::Week CompileWeek(const v1::Calendar& definition) {
  WallHours::Week week;
  if (definition.always()) week.fill(AllDay());
  for (const v1::WeeklyHours& weekly : definition.weekly_hours()) {
    for (const int day : weekly.days()) {
      week[static_cast<size_t>(day - v1::WEEKDAY_MONDAY)] = ToDayHours(weekly.ranges());
    }
  }
  return week;
}

// What a make-up working day without hours of its own takes over.
DayHours UsualHours(const WallHours::Week& week) {
  const auto* found = std::find_if(week.begin(), week.end(),
                                   [](const DayHours& hours) { return hours.total() > 0; });
  return found == week.end() ? DayHours() : *found;
}

DayHours HoursOf(const v1::DayException& exception, const DayHours& usual) {
  if (exception.kind() == v1::DAY_KIND_HOLIDAY) return {};
  return exception.ranges().empty() ? usual : ToDayHours(exception.ranges());
}

}  // namespace

absl::StatusOr<BusinessCalendar> BusinessCalendar::Compile(const v1::Calendar& definition,
                                                           schema::Language language) {
  if (const auto violations = CheckCalendar(definition); !violations.empty()) {
    return schema::ViolationsToStatus(violations, language);
  }
  Parts parts;
  parts.zone = *FindZone(definition.time_zone());
  parts.week = CompileWeek(definition);
  const DayHours usual = UsualHours(parts.week);
  for (const v1::DayException& exception : definition.exceptions()) {
    const DayHours hours = HoursOf(exception, usual);
    const Period period = PeriodOf(exception);
    for (absl::CivilDay date = period.first; date <= period.last; ++date) {
      parts.exceptions.emplace_back(DayNumber(date), hours);
      if (exception.kind() == v1::DAY_KIND_HOLIDAY) {
        parts.holidays[DayNumber(date)] = exception.name();
      }
    }
  }
  return BusinessCalendar(std::move(parts));
}

BusinessCalendar BusinessCalendar::Always() {
  Parts parts;
  parts.week.fill(AllDay());
  parts.zone = absl::UTCTimeZone();
  return BusinessCalendar(std::move(parts));
}

BusinessCalendar::BusinessCalendar(Parts parts)
    : hours_(parts.week, parts.exceptions),
      days_(MarkDays(parts.week, parts.exceptions)),
      holidays_(std::move(parts.holidays)),
      zone_(parts.zone),
      worked_at_start_(JoinPieces()) {}

std::vector<int64_t> BusinessCalendar::JoinPieces() {
  std::vector<int64_t> worked_at_start;
  wall_shift_.push_back(0);
  for (size_t piece = 1; piece < zone_.size(); ++piece) {
    const int64_t start = zone_.start(piece);
    const int64_t worked = wall_shift_.back() + hours_.Before(start + zone_.offset(piece - 1));
    worked_at_start.push_back(worked);
    wall_shift_.push_back(worked - hours_.Before(start + zone_.offset(piece)));
  }
  return worked_at_start;
}

int64_t BusinessCalendar::Before(int64_t micros) const {
  const size_t piece = zone_.PieceOf(micros);
  return wall_shift_[piece] + hours_.Before(micros + zone_.offset(piece));
}

std::optional<int64_t> BusinessCalendar::Reach(int64_t worked) const {
  // The last piece that begins with less worked.
  const size_t piece = worked_at_start_.CountBelow(worked);
  const std::optional<int64_t> wall = hours_.Reach(worked - wall_shift_[piece]);
  if (!wall.has_value()) return std::nullopt;
  return *wall - zone_.offset(piece);
}

absl::Duration BusinessCalendar::WorkingBetween(absl::Time from, absl::Time to) const {
  if (to <= from) return absl::ZeroDuration();
  return absl::Microseconds(Before(Micros(to)) - Before(Micros(from)));
}

std::optional<absl::Time> BusinessCalendar::AddWorking(absl::Time start,
                                                       absl::Duration work) const {
  const int64_t micros = std::min(absl::ToInt64Microseconds(work), kEnd);
  if (micros <= 0) return start;
  const std::optional<int64_t> end = Reach(Before(Micros(start)) + micros);
  if (!end.has_value()) return std::nullopt;
  return absl::FromUnixMicros(*end);
}

bool BusinessCalendar::IsWorking(absl::Time time) const {
  const int64_t micros = Micros(time);
  return Before(micros + 1) > Before(micros);
}

std::optional<absl::Time> BusinessCalendar::NextOpen(absl::Time time) const {
  // When the next microsecond of work has been worked, it was begun one before.
  const std::optional<int64_t> end = Reach(Before(Micros(time)) + 1);
  if (!end.has_value()) return std::nullopt;
  return std::max(time, absl::FromUnixMicros(*end - 1));
}

std::vector<Span> BusinessCalendar::Segments(absl::Time from, absl::Time to) const {
  std::vector<Span> spans;
  const int64_t end = Micros(to);
  for (int64_t at = Micros(from); at < end;) {
    const size_t piece = zone_.PieceOf(at);
    const int64_t piece_end = std::min(end, zone_.end(piece));
    const int64_t offset = zone_.offset(piece);
    while (at < piece_end) {
      const int64_t day = FloorDiv(at + offset, kMicrosOfDay);
      const int64_t day_end = std::min(piece_end, (day + 1) * kMicrosOfDay - offset);
      AddDaySegments(day, at, day_end, offset, spans);
      at = day_end;
    }
  }
  return spans;
}

namespace {

// Appends [from, to), joined with the span before if that is of the same kind.
void AddSpan(int64_t from, int64_t to, SpanKind kind, const std::string& holiday,
             std::vector<Span>& spans) {
  if (from >= to) return;
  const absl::Time end = absl::FromUnixMicros(to);
  if (!spans.empty() && spans.back().kind == kind && spans.back().holiday == holiday) {
    spans.back().to = end;
  } else {
    spans.push_back({absl::FromUnixMicros(from), end, kind, holiday});
  }
}

}  // namespace

void BusinessCalendar::AddDaySegments(int64_t day, int64_t from, int64_t to, int64_t offset,
                                      std::vector<Span>& spans) const {
  if (const auto holiday = holidays_.find(day); holiday != holidays_.end()) {
    AddSpan(from, to, SpanKind::kHoliday, holiday->second, spans);
    return;
  }
  const int64_t midnight = day * kMicrosOfDay - offset;
  for (const DayRange& range : hours_.HoursOf(day).ranges()) {
    const int64_t open = std::clamp(midnight + range.from, from, to);
    const int64_t close = std::clamp(midnight + range.to, from, to);
    AddSpan(from, open, SpanKind::kClosed, "", spans);
    AddSpan(open, close, SpanKind::kOpen, "", spans);
    from = close;
  }
  AddSpan(from, to, SpanKind::kClosed, "", spans);
}

std::optional<absl::CivilDay> BusinessCalendar::AddWorkingDays(absl::CivilDay date,
                                                               int64_t count) const {
  // After the whole first date, or from its midnight on.
  const int64_t day = DayNumber(date) + (count < 1 ? 0 : 1);
  const int64_t marks = std::clamp<int64_t>(count, 1, kEnd / kMicrosOfDay);
  const std::optional<int64_t> end = days_.Reach(days_.Before(day * kMicrosOfDay) + marks);
  if (!end.has_value()) return std::nullopt;
  return kEpochDay + FloorDiv(*end, kMicrosOfDay);
}

}  // namespace crm::calendar
