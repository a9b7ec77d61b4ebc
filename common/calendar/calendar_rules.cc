#include "common/calendar/calendar_rules.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/text/dates.h"
#include "re2/re2.h"

namespace crm::calendar {
namespace {

using Ranges = google::protobuf::RepeatedPtrField<v1::HourRange>;

constexpr int64_t kMicrosOfMinute = 60'000'000;
constexpr int64_t kLongestPeriod = 31;  // days after the first

// `09:30`, `24:00`; microseconds since midnight.
std::optional<int64_t> ParseTime(const std::string& text) {
  static const RE2 form("([01][0-9]|2[0-4]):([0-5][0-9])");
  int hour = 0;
  int minute = 0;
  if (!RE2::FullMatch(text, form, &hour, &minute)) return std::nullopt;
  const int64_t micros = (hour * 60 + minute) * kMicrosOfMinute;
  if (micros > kMicrosOfDay) return std::nullopt;
  return micros;
}

std::optional<absl::CivilDay> ParseDay(const std::string& text) {
  absl::CivilDay day;
  if (!text::IsIsoDate(text) || !absl::ParseCivilTime(text, &day)) return std::nullopt;
  return day;
}

class Checker {
 public:
  explicit Checker(std::string_view path) : root_(path) {}

  void Check(const v1::Calendar& calendar) {
    CheckZone(calendar);
    CheckAlways(calendar);
    for (int i = 0; i < calendar.weekly_hours_size(); ++i) {
      CheckWeekly(calendar.weekly_hours(i), Path("weekly_hours", i));
    }
    for (int i = 0; i < calendar.exceptions_size(); ++i) {
      CheckException(calendar.exceptions(i), Path("exceptions", i),
                     calendar.weekly_hours_size() > 0);
    }
  }

  std::vector<schema::Violation> Take() && { return std::move(violations_); }

 private:
  std::string Path(std::string_view field) const {
    return root_.empty() ? std::string(field) : absl::StrCat(root_, ".", ToAbsl(field));
  }
  std::string Path(std::string_view field, int index) const {
    return absl::StrCat(Path(field), "[", index, "]");
  }

  void Add(std::string field, std::string rule, std::string mend_en, std::string mend_zh) {
    violations_.push_back(
        {std::move(field), std::move(rule), std::move(mend_en), std::move(mend_zh)});
  }

  void CheckZone(const v1::Calendar& calendar) {
    if (FindZone(calendar.time_zone()).has_value()) return;
    Add(Path("time_zone"), "TIME_ZONE_UNKNOWN", "name an IANA time zone, such as Asia/Shanghai",
        "请填写IANA时区名称，例如 Asia/Shanghai");
  }

  void CheckAlways(const v1::Calendar& calendar) {
    const bool has_hours = calendar.weekly_hours_size() > 0 || calendar.exceptions_size() > 0;
    if (calendar.always() && has_hours) {
      Add(Path("always"), "ALWAYS_WITH_HOURS",
          "a 24×7 calendar has neither weekly hours nor exceptions: leave out one or the other",
          "7×24小时日历不能再设置每周工作时间或节假日，请只保留其中一项");
    }
    if (calendar.always() || HasWork(calendar)) return;
    Add(Path("weekly_hours"), "CALENDAR_EMPTY",
        "give the hours of at least one day, or say that the calendar is 24×7",
        "请至少设置一天的工作时间，或设为7×24小时");
  }

  static bool HasWork(const v1::Calendar& calendar) {
    return calendar.weekly_hours_size() > 0 ||
           std::any_of(calendar.exceptions().begin(), calendar.exceptions().end(),
                       [](const v1::DayException& exception) {
                         return exception.kind() == v1::DAY_KIND_WORKING_DAY;
                       });
  }

  void CheckWeekly(const v1::WeeklyHours& weekly, const std::string& path) {
    if (weekly.days().empty()) {
      Add(absl::StrCat(path, ".days"), "DAYS_MISSING", "name the days that have these hours",
          "请选择适用的星期");
    }
    for (int i = 0; i < weekly.days_size(); ++i) {
      const v1::Weekday day = weekly.days(i);
      std::string field = absl::StrCat(path, ".days[", i, "]");
      if (!v1::Weekday_IsValid(day) || day == v1::WEEKDAY_UNSPECIFIED) {
        Add(std::move(field), "WEEKDAY_UNKNOWN", "choose a day from Monday to Sunday",
            "请选择星期一至星期日中的一天");
      } else if (!weekdays_.insert(day).second) {
        Add(std::move(field), "WEEKDAY_TWICE",
            "this day has hours already: put all its ranges into one entry",
            "该星期已设置过，请将其所有时段合并到一处");
      }
    }
    if (weekly.ranges().empty()) {
      Add(absl::StrCat(path, ".ranges"), "RANGES_MISSING",
          "give at least one range; days without work are not named at all",
          "请至少填写一个时段；不上班的日子无需列出");
    }
    CheckRanges(weekly.ranges(), absl::StrCat(path, ".ranges"));
  }

  void CheckRanges(const Ranges& ranges, const std::string& path) {
    std::vector<std::pair<DayRange, int>> sound;
    for (int i = 0; i < ranges.size(); ++i) {
      const std::optional<DayRange> range = CheckRange(ranges[i], absl::StrCat(path, "[", i, "]"));
      if (range.has_value()) sound.emplace_back(*range, i);
    }
    std::sort(sound.begin(), sound.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.from, a.second) < std::pair(b.first.from, b.second);
    });
    for (size_t i = 1; i < sound.size(); ++i) {
      if (sound[i].first.from >= sound[i - 1].first.to) continue;
      Add(absl::StrCat(path, "[", sound[i].second, "]"), "RANGES_OVERLAP",
          "it overlaps another range of the same day: join them or move one",
          "与同一天的另一时段重叠，请合并或调整");
    }
  }

  std::optional<DayRange> CheckRange(const v1::HourRange& range, const std::string& path) {
    const std::optional<int64_t> from = ParseTime(range.from());
    const std::optional<int64_t> to = ParseTime(range.to());
    if (!from.has_value() || *from == kMicrosOfDay) {
      Add(absl::StrCat(path, ".from"), "TIME_FORMAT", "write hours and minutes, 00:00 to 23:59",
          "请填写时和分，范围00:00至23:59");
      return std::nullopt;
    }
    if (!to.has_value()) {
      Add(absl::StrCat(path, ".to"), "TIME_FORMAT", "write hours and minutes, 00:01 to 24:00",
          "请填写时和分，范围00:01至24:00");
      return std::nullopt;
    }
    if (*to <= *from) {
      Add(absl::StrCat(path, ".to"), "RANGE_ORDER",
          "a range ends after it begins, at 24:00 at the latest; hours past midnight are a second "
          "range on the next day, from 00:00",
          "结束时间必须晚于开始时间，最晚为24:00；跨夜时段请拆成两段：当天至24:00，次日从00:"
          "00开始");
      return std::nullopt;
    }
    return DayRange{*from, *to};
  }

  void CheckException(const v1::DayException& exception, const std::string& path,
                      bool has_weekly_hours) {
    CheckDates(exception, path);
    CheckRanges(exception.ranges(), absl::StrCat(path, ".ranges"));
    switch (exception.kind()) {
      case v1::DAY_KIND_HOLIDAY:
        if (!exception.ranges().empty()) {
          Add(absl::StrCat(path, ".ranges"), "HOLIDAY_WITH_HOURS",
              "a holiday has no hours: leave them out, or make it a working day",
              "节假日不能有工作时段，请删除时段或改为工作日");
        }
        break;
      case v1::DAY_KIND_WORKING_DAY:
        if (exception.ranges().empty() && !has_weekly_hours) {
          Add(absl::StrCat(path, ".ranges"), "HOURS_MISSING",
              "give its hours: there are no weekly hours to take over",
              "请填写工作时段：没有可沿用的每周工作时间");
        }
        break;
      default:
        Add(absl::StrCat(path, ".kind"), "KIND_UNKNOWN", "say holiday or working day",
            "请选择节假日或调休上班");
    }
  }

  void CheckDates(const v1::DayException& exception, const std::string& path) {
    const bool has_last = !exception.last_date().empty();
    const std::optional<absl::CivilDay> first = ParseDay(exception.date());
    const std::optional<absl::CivilDay> last = has_last ? ParseDay(exception.last_date()) : first;
    if (!first.has_value()) AddDateFormat(absl::StrCat(path, ".date"));
    if (has_last && !last.has_value()) AddDateFormat(absl::StrCat(path, ".last_date"));
    if (!first.has_value() || !last.has_value()) return;
    if (*last < *first) {
      Add(absl::StrCat(path, ".last_date"), "DATE_ORDER", "the last date is not before the first",
          "截止日期不能早于开始日期");
    } else if (*last - *first > kLongestPeriod) {
      Add(absl::StrCat(path, ".last_date"), "PERIOD_TOO_LONG",
          "at most 31 days after the first date: split longer periods",
          "截止日期最多晚31天，更长的时间请拆分");
    } else {
      AddDates({*first, *last}, path);
    }
  }

  void AddDateFormat(std::string field) {
    Add(std::move(field), "DATE_FORMAT", "write a date that exists as YYYY-MM-DD",
        "请按YYYY-MM-DD填写真实存在的日期");
  }

  void AddDates(const Period& period, const std::string& path) {
    bool twice = false;
    for (absl::CivilDay day = period.first; day <= period.last; ++day) {
      twice |= !dates_.insert(day).second;
    }
    if (!twice) return;
    Add(absl::StrCat(path, ".date"), "DATE_TWICE",
        "another exception has this date, or one of these dates: keep one of them",
        "该日期（或其中某天）已在另一条节假日或调休中，请只保留一条");
  }

  const std::string root_;
  std::vector<schema::Violation> violations_;
  std::set<v1::Weekday> weekdays_;
  std::set<absl::CivilDay> dates_;
};

}  // namespace

std::vector<schema::Violation> CheckCalendar(const v1::Calendar& calendar, std::string_view path) {
  Checker checker(path);
  checker.Check(calendar);
  return std::move(checker).Take();
}

std::optional<absl::TimeZone> FindZone(const std::string& name) {
  static const RE2 form("[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*");
  // `right/…` zones count leap seconds, which no other clock of ours does.
  if (name == "localtime" || absl::StartsWith(name, "right/")) return std::nullopt;
  absl::TimeZone zone;
  if (!RE2::FullMatch(name, form) || !absl::LoadTimeZone(name, &zone)) return std::nullopt;
  return zone;
}

DayHours ToDayHours(const Ranges& ranges) {
  std::vector<DayRange> parsed;
  parsed.reserve(ranges.size());
  for (const v1::HourRange& range : ranges) {
    parsed.push_back({*ParseTime(range.from()), *ParseTime(range.to())});
  }
  std::sort(parsed.begin(), parsed.end(),
            [](const DayRange& a, const DayRange& b) { return a.from < b.from; });
  return DayHours(std::move(parsed));
}

Period PeriodOf(const v1::DayException& exception) {
  const absl::CivilDay first = *ParseDay(exception.date());
  return {first, exception.last_date().empty() ? first : *ParseDay(exception.last_date())};
}

}  // namespace crm::calendar
