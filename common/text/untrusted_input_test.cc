// Any bytes may come from a file: no function crashes, and what is accepted is accepted again.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/dates.h"
#include "common/text/decimal.h"
#include "common/text/email.h"
#include "common/text/masking.h"
#include "common/text/national_ids.h"
#include "common/text/phone.h"
#include "common/text/real_name.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

using Normalizer = std::function<Result<std::string>(std::string_view)>;

std::vector<Normalizer> Normalizers() {
  const RealNameRules rules(RealNameRules::DefaultNicknames());
  return {
      [](std::string_view text) { return NormalizePhone(text, {.allow_landline = true}); },
      NormalizeEmail,
      NormalizeUrl,
      NormalizeCreditCode,
      [](std::string_view text) { return NormalizeResidentId(text, absl::CivilDay(2026, 1, 1)); },
      [rules](std::string_view text) { return rules.Normalize(text); },
      [](std::string_view text) -> Result<std::string> {
        const Result<LooseDate> date = ParseLooseDate(text);
        if (!date.ok()) return date.problem();
        return date->ToIso();
      },
      [](std::string_view text) -> Result<std::string> {
        const Result<int64_t> value = ParseDecimal(text, 4);
        if (!value.ok()) return value.problem();
        return FormatDecimal(*value, 4);
      },
  };
}

// Pieces that the functions look for, and bytes that are no text.
std::string RandomText(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {
      "1",    "86",       "0755",   "138", "2024", "-",    "/",  "年", "月",  "日",   ":",
      " ",    "+",        "¥",      "万",  "元",   ",",    ".",  "@",  "a.b", "http", "://",
      "张",   "先生",     "·",      "X",   "Mr",   "公司", "😀",  "　", "９",  "转",   "ext",
      "\xFF", "\xE6\xB7", "\u202E", "\n",  "𠮷",   "有限", "分", "PM", "时",  "下午", "e"};
  std::string text;
  for (size_t count = random() % 12; count > 0; --count) {
    text.append(kPieces[random() % std::size(kPieces)]);
  }
  return text;
}

TEST(UntrustedInput, AcceptedTwiceOrRefused) {  // CUS-28
  std::mt19937 random(28);
  const std::vector<Normalizer> normalizers = Normalizers();
  size_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = RandomText(random);
    for (const Normalizer& normalize : normalizers) {
      const Result<std::string> once = normalize(text);
      if (!once.ok()) continue;
      ++accepted;
      ASSERT_TRUE(IsValidUtf8(*once)) << text;
      const Result<std::string> twice = normalize(*once);
      ASSERT_TRUE(twice.ok()) << text << " → " << *once << ": " << twice.problem().rule;
      EXPECT_EQ(*twice, *once) << text;
    }
  }
  EXPECT_GT(accepted, 1000u);
}

TEST(UntrustedInput, ValidTextStaysValid) {
  std::mt19937 random(29);
  const PlaceNames places(std::vector<std::string>{"张", "日"});
  for (int i = 0; i < 20000; ++i) {
    const std::string text = RandomText(random);
    const std::vector<std::string> results = {std::string(Trim(text)),
                                              ToHalfWidth(text),
                                              CollapseSpaces(text),
                                              FoldForSearch(text),
                                              MaskPhone(text),
                                              MaskName(text),
                                              MaskEmail(text),
                                              MaskOrganizationName(text),
                                              MaskId(text),
                                              MaskDate(text),
                                              MaskAll(text),
                                              NormalizedOrganizationKey(text, places)};
    EXPECT_LE(CodePointLength(Trim(text)), CodePointLength(text));
    EXPECT_LE(DisplayWidth(text), 2 * text.size());
    if (!IsValidUtf8(text)) continue;
    for (const std::string& result : results) EXPECT_TRUE(IsValidUtf8(result)) << text;
  }
}

}  // namespace
}  // namespace crm::text
