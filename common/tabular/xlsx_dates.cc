#include "common/tabular/xlsx_dates.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace crm::tabular {
namespace {

constexpr double kFirstDay = 1;
constexpr double kLastDay1900 = 2'958'465;  // 9999-12-31
constexpr double kLastDay1904 = 2'957'003;
constexpr int64_t kPhantomDay = 60;  // 1900-02-29
constexpr int64_t kSecondsPerDay = 86'400;

absl::CivilDay DayZero(DateSystem system, int64_t day) {
  if (system == DateSystem::k1904) return absl::CivilDay(1904, 1, 1);
  return day < kPhantomDay ? absl::CivilDay(1899, 12, 31) : absl::CivilDay(1899, 12, 30);
}

std::string TimeText(int64_t seconds) {
  return absl::StrFormat("%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

NumberKind BuiltInNumberKind(int id) {
  if (id == 22) return NumberKind::kDateTime;
  if (id >= 14 && id <= 17) return NumberKind::kDate;
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55 ||
      id == 56) {
    return NumberKind::kDateTime;
  }
  if ((id >= 27 && id <= 36) || (id >= 50 && id <= 58)) return NumberKind::kDate;
  return NumberKind::kPlain;
}

NumberKind NumberKindOf(std::string_view code) {
  bool date = false;
  bool time = false;
  for (size_t i = 0; i < code.size() && code[i] != ';'; ++i) {
    switch (absl::ascii_tolower(static_cast<unsigned char>(code[i]))) {
      case '"':
        i = code.find('"', i + 1);
        if (i == std::string_view::npos) i = code.size() - 1;
        break;
      case '[': {
        const size_t close = code.find(']', i);
        if (close == std::string_view::npos) return NumberKind::kPlain;
        const char first = absl::ascii_tolower(static_cast<unsigned char>(code[i + 1]));
        // [h], [mm], [ss] are durations; [Red], [$-804], [DBNum1] say nothing.
        const bool elapsed = (first == 'h' || first == 'm' || first == 's') &&
                             code.find_first_not_of(code[i + 1], i + 1) == close;
        if (elapsed) return NumberKind::kPlain;
        i = close;
        break;
      }
      case '\\':
      case '_':
      case '*':
        ++i;
        break;
      case 'y':
      case 'd':
        date = true;
        break;
      case 'm':
        date = true;
        break;
      case 'h':
      case 's':
        time = true;
        break;
      default:
        break;
    }
  }
  if (time) return NumberKind::kDateTime;
  return date ? NumberKind::kDate : NumberKind::kPlain;
}

std::optional<std::string> SerialToText(double serial, DateSystem system, NumberKind kind) {
  const double last = system == DateSystem::k1900 ? kLastDay1900 : kLastDay1904;
  if (!(serial >= 0) || serial >= last + 1) return std::nullopt;
  const auto total = static_cast<int64_t>(std::llround(serial * kSecondsPerDay));
  const int64_t day = total / kSecondsPerDay;
  const int64_t second = total % kSecondsPerDay;
  if (static_cast<double>(day) > last) return std::nullopt;
  if (static_cast<double>(day) < kFirstDay) return TimeText(second);
  if (system == DateSystem::k1900 && day == kPhantomDay) return std::nullopt;
  const absl::CivilDay date = DayZero(system, day) + day;
  std::string text = absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
  if (second != 0 || kind == NumberKind::kDateTime) text += " " + TimeText(second);
  return text;
}

}  // namespace crm::tabular
