#include "common/schema/language.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"

namespace crm::schema {
namespace {

// The weight of one entry, such as `zh-CN;q=0.8`; 1 without one, 0 for one that is malformed.
double WeightOf(absl::string_view parameters) {
  parameters = absl::StripAsciiWhitespace(parameters);
  if (parameters.empty()) return 1;
  double weight = 0;
  if (!absl::ConsumePrefix(&parameters, "q=") || !absl::SimpleAtod(parameters, &weight)) return 0;
  return weight;
}

}  // namespace

Language ParseAcceptLanguage(std::string_view header) {
  Language best = Language::kEnglish;
  double best_weight = 0;
  for (absl::string_view entry : absl::StrSplit(ToAbsl(header), ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(entry, absl::MaxSplits(';', 1));
    const absl::string_view tag = absl::StripAsciiWhitespace(parts.first);
    const bool chinese = absl::StartsWithIgnoreCase(tag, "zh");
    if (!chinese && !absl::StartsWithIgnoreCase(tag, "en")) continue;
    const double weight = WeightOf(parts.second);
    if (weight <= best_weight) continue;
    best_weight = weight;
    best = chinese ? Language::kChinese : Language::kEnglish;
  }
  return best;
}

std::string_view LanguageTag(Language language) {
  return language == Language::kChinese ? "zh-CN" : "en";
}

}  // namespace crm::schema
