#include "tools/crmctl/duration_text.h"

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "tools/crmctl/console.h"

namespace crm::cli {
namespace {

struct Unit {
  int64_t seconds;
  const char* zh;
  const char* en;
};
constexpr std::array kUnits = {Unit{86'400, "天", " d"}, Unit{3'600, "小时", " h"},
                               Unit{60, "分", " min"}, Unit{1, "秒", " s"}};

}  // namespace

std::string DurationText(absl::Duration duration, schema::Language language) {
  int64_t seconds = absl::ToInt64Seconds(absl::AbsDuration(duration));
  const auto part = [&](const Unit& unit) {
    const int64_t count = seconds / unit.seconds;
    seconds %= unit.seconds;
    return absl::StrCat(count, ToAbsl(Say(language, unit.zh, unit.en)));
  };
  for (size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (seconds < kUnits[i].seconds) continue;
    std::string text = part(kUnits[i]);
    if (seconds < kUnits[i + 1].seconds) return text;
    const char* const gap = language == schema::Language::kChinese ? "" : " ";
    return absl::StrCat(text, gap, part(kUnits[i + 1]));
  }
  return part(kUnits.back());
}

std::string RemainingText(absl::Duration remaining, schema::Language language) {
  const bool late = remaining < absl::ZeroDuration();
  const std::string_view what =
      late ? Say(language, "超时", "late") : Say(language, "剩余", "left");
  return absl::StrCat(ToAbsl(what), " ", DurationText(remaining, language));
}

}  // namespace crm::cli
