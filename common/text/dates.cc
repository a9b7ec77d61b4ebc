#include "common/text/dates.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/text/unicode.h"

namespace crm::text {
namespace {

constexpr Problem kEmpty{"DATE_EMPTY", "请填写日期", "enter a date"};
constexpr Problem kFormat{"DATE_FORMAT", "请按 2024-03-01 的格式填写日期",
                          "enter the date like 2024-03-01"};
constexpr Problem kAmbiguous{"DATE_AMBIGUOUS", "日期有多种理解，请填写四位年份，例如 2024-03-01",
                             "the date can be read in several ways; enter it like 2024-03-01"};
constexpr Problem kCalendar{"DATE_CALENDAR", "日历上没有这一天", "there is no such day"};
constexpr Problem kTime{"TIME_FORMAT", "请按 14:30 或 14:30:05 的格式填写时间",
                        "enter the time like 14:30 or 14:30:05"};

constexpr int kFirstYear = 1000;
constexpr int kPivot = 70;
constexpr int kSecondsPerDay = 86400;
// Half a second before the year 10000.
constexpr double kSerialEnd = 2958465.999994;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AreDigits(std::string_view text) { return std::all_of(text.begin(), text.end(), IsDigit); }

// A run of digits at the front of a text.
struct Number {
  int value = 0;
  size_t digits = 0;
};

Number TakeNumber(std::string_view& text) {
  Number number;
  while (number.digits < text.size() && IsDigit(text[number.digits]) && number.digits < 9) {
    number.value = number.value * 10 + (text[number.digits++] - '0');
  }
  text.remove_prefix(number.digits);
  return number;
}

bool Take(std::string_view& text, std::string_view token) {
  if (!text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

void SkipSpaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

std::optional<absl::CivilDay> Day(int year, int month, int day) {
  const absl::CivilDay date(year, month, day);
  const bool same = date.year() == year && date.month() == month && date.day() == day;
  return same && year >= kFirstYear ? std::optional(date) : std::nullopt;
}

int FullYear(Number year) {
  if (year.digits == 4) return year.value;
  return year.value < kPivot ? 2000 + year.value : 1900 + year.value;
}

bool IsShort(Number number) { return number.digits == 1 || number.digits == 2; }

Result<absl::CivilDay> Checked(int year, int month, int day) {
  const std::optional<absl::CivilDay> date = Day(year, month, day);
  if (!date) return kCalendar;
  return *date;
}

// Three numbers with the same mark between them.
Result<absl::CivilDay> FromParts(Number a, Number b, Number c, char mark) {
  if (!IsShort(b)) return kFormat;
  if (a.digits == 4 && IsShort(c)) return Checked(a.value, b.value, c.value);
  if (IsShort(a) && c.digits == 4) {
    if (mark != '/') return kAmbiguous;
    return Checked(c.value, a.value, b.value);
  }
  if (!IsShort(a) || !IsShort(c)) return kFormat;
  // 24-3-1 has the year first; 3/1/24 and 03/01/24 may have the month first.
  constexpr int kMonths = 12;
  if (a.digits == 1 || (mark != '-' && a.value <= kMonths)) return kAmbiguous;
  return Checked(FullYear(a), b.value, c.value);
}

Result<absl::CivilDay> TakeChinese(Number year, std::string_view& text) {
  if (year.digits != 4 && year.digits != 2) return kFormat;
  const Number month = TakeNumber(text);
  if (!IsShort(month) || !Take(text, "月")) return kFormat;
  const Number day = TakeNumber(text);
  if (!IsShort(day) || !(Take(text, "日") || Take(text, "号"))) return kFormat;
  return Checked(FullYear(year), month.value, day.value);
}

Result<absl::CivilDay> TakeDate(std::string_view& text) {
  const Number a = TakeNumber(text);
  if (a.digits == 8) return Checked(a.value / 10000, a.value / 100 % 100, a.value % 100);
  if (a.digits == 0 || text.empty()) return kFormat;
  if (Take(text, "年")) return TakeChinese(a, text);
  const char mark = text[0];
  if (mark != '-' && mark != '/' && mark != '.') return kFormat;
  text.remove_prefix(1);
  const Number b = TakeNumber(text);
  if (b.digits == 0 || text.empty() || text[0] != mark) return kFormat;
  text.remove_prefix(1);
  return FromParts(a, b, TakeNumber(text), mark);
}

struct TimeOfDay {
  int hour = 0;
  int minute = 0;
  int second = 0;
};

enum class HalfDay { kNone, kMorning, kAfternoon };

HalfDay TakeHalfDay(std::string_view& text) {
  SkipSpaces(text);
  if (Take(text, "上午") || Take(text, "AM") || Take(text, "am")) return HalfDay::kMorning;
  if (Take(text, "下午") || Take(text, "PM") || Take(text, "pm")) return HalfDay::kAfternoon;
  return HalfDay::kNone;
}

// The hour of a clock of twelve; nullopt if it shows no such hour.
std::optional<int> FullHour(int hour, HalfDay half) {
  if (half == HalfDay::kNone) return hour;
  if (hour < 1 || hour > 12) return std::nullopt;
  return hour % 12 + (half == HalfDay::kAfternoon ? 12 : 0);
}

// Fractions of a second are dropped.
void SkipFraction(std::string_view& text) {
  if (text.size() >= 2 && text[0] == '.' && IsDigit(text[1])) {
    text.remove_prefix(1);
    while (!text.empty() && IsDigit(text[0])) text.remove_prefix(1);
  }
}

// The numbers of a time: 14:30, 14:30:05, 14时30分, 14时30分5秒, 14点30分.
bool TakeClock(std::string_view& text, TimeOfDay& time) {
  const Number hour = TakeNumber(text);
  const bool colon = Take(text, ":");
  if (!IsShort(hour) || (!colon && !Take(text, "时") && !Take(text, "点"))) return false;
  const Number minute = TakeNumber(text);
  if (colon ? minute.digits != 2 : !(IsShort(minute) && Take(text, "分"))) return false;
  time = {hour.value, minute.value, 0};
  if (colon ? !Take(text, ":") : text.empty() || !IsDigit(text[0])) return true;
  const Number second = TakeNumber(text);
  if (colon ? second.digits != 2 : !(IsShort(second) && Take(text, "秒"))) return false;
  time.second = second.value;
  SkipFraction(text);
  return true;
}

std::optional<TimeOfDay> ReadTime(std::string_view text) {
  HalfDay half = TakeHalfDay(text);
  SkipSpaces(text);
  TimeOfDay time;
  if (!TakeClock(text, time)) return std::nullopt;
  if (half == HalfDay::kNone) half = TakeHalfDay(text);
  const std::optional<int> hour = FullHour(time.hour, half);
  if (!hour || *hour > 23 || time.minute > 59 || time.second > 59 || !text.empty()) {
    return std::nullopt;
  }
  time.hour = *hour;
  return time;
}

// Five digits, perhaps with a fraction.
std::optional<double> ReadSerial(std::string_view text) {
  constexpr size_t kDigits = 5;
  const std::string_view whole = text.substr(0, text.find('.'));
  if (whole.size() != kDigits || !AreDigits(whole) || whole[0] == '0') return std::nullopt;
  const std::string_view fraction = text.substr(std::min(text.size(), kDigits + 1));
  if (text.size() > kDigits && (fraction.empty() || !AreDigits(fraction))) return std::nullopt;
  double serial = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), serial);
  return error == std::errc() ? std::optional(serial) : std::nullopt;
}

Result<LooseDate> Parse(std::string_view text) {
  if (text.empty()) return kEmpty;
  if (const std::optional<double> serial = ReadSerial(text)) return FromExcelSerial(*serial);
  const Result<absl::CivilDay> day = TakeDate(text);
  if (!day.ok()) return day.problem();
  if (text.empty()) return LooseDate{absl::CivilSecond(*day), false};
  const bool separated = text[0] == ' ' || !IsAscii(text.substr(0, 1));
  if (!separated && !Take(text, "T") && !IsDigit(text[0])) return kFormat;
  const std::optional<TimeOfDay> time = ReadTime(text);
  if (!time) return kTime;
  return LooseDate{absl::CivilSecond(day->year(), day->month(), day->day(), time->hour,
                                     time->minute, time->second),
                   true};
}

bool IsPlainAscii(std::string_view text) {
  return IsAscii(text) && text.find_first_of(" \t\r\n") == std::string_view::npos;
}

void PutTwoDigits(std::string& text, size_t at, int number) {
  text[at] = static_cast<char>('0' + number / 10);
  text[at + 1] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string LooseDate::ToIso() const {
  std::string iso = has_time ? "0000-00-00T00:00:00" : "0000-00-00";
  const auto year = static_cast<int>(value.year());
  PutTwoDigits(iso, 0, year / 100);
  PutTwoDigits(iso, 2, year % 100);
  PutTwoDigits(iso, 5, value.month());
  PutTwoDigits(iso, 8, value.day());
  if (!has_time) return iso;
  PutTwoDigits(iso, 11, value.hour());
  PutTwoDigits(iso, 14, value.minute());
  PutTwoDigits(iso, 17, value.second());
  return iso;
}

Result<LooseDate> ParseLooseDate(std::string_view text) {
  if (IsPlainAscii(text)) return Parse(text);
  return Parse(CollapseSpaces(ToHalfWidth(Trim(text))));
}

Result<LooseDate> FromExcelSerial(double serial) {
  if (!(serial >= 1 && serial < kSerialEnd)) return kFormat;
  const auto days = static_cast<int64_t>(serial);
  constexpr int64_t kPhantomDay = 60;
  if (days == kPhantomDay) return kCalendar;
  const auto seconds =
      static_cast<int64_t>(std::llround((serial - static_cast<double>(days)) * kSecondsPerDay));
  const absl::CivilDay epoch =
      days < kPhantomDay ? absl::CivilDay(1899, 12, 31) : absl::CivilDay(1899, 12, 30);
  const bool has_time = seconds != 0 && seconds != kSecondsPerDay;
  return LooseDate{absl::CivilSecond(epoch + days) + seconds, has_time};
}

bool IsIsoDate(std::string_view text) {
  constexpr size_t kLength = 10;
  if (text.size() != kLength || text[4] != '-' || text[7] != '-') return false;
  std::string_view rest = text;
  const Number year = TakeNumber(rest);
  rest.remove_prefix(1);
  const Number month = TakeNumber(rest);
  if (rest.empty()) return false;
  rest.remove_prefix(1);
  const Number day = TakeNumber(rest);
  return year.digits == 4 && month.digits == 2 && day.digits == 2 &&
         Day(year.value, month.value, day.value).has_value();
}

}  // namespace crm::text
