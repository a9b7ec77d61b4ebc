#include "common/numbering/number_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"

namespace crm::numbering {
namespace {

using ::testing::HasSubstr;

absl::TimeZone Shanghai() {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &zone));
  return zone;
}

absl::Time InShanghai(int year, int month, int day, int hour, int minute = 0, int second = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, second), Shanghai());
}

const absl::Time kNoon = InShanghai(2026, 3, 5, 12);

std::string Render(std::string_view pattern, int64_t value, std::string_view type = {}) {
  const absl::StatusOr<NumberPattern> parsed = NumberPattern::Parse(pattern);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? parsed->Render(kNoon, Shanghai(), type, value) : "";
}

std::string Problem(std::string_view pattern) {
  const absl::StatusOr<NumberPattern> parsed = NumberPattern::Parse(pattern);
  if (parsed.ok()) return "no problem";
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(parsed.status()), "BAD_NUMBER_PATTERN");
  return std::string(parsed.status().message());
}

// CUS-1: the default and the four others.
TEST(NumberPattern, RendersTheFivePatterns) {
  EXPECT_EQ(Render("CRM{yyyy}{seq:6}", 123), "CRM2026000123");
  EXPECT_EQ(Render("CRM{yyyy}{seq:3}", 1), "CRM2026001");
  EXPECT_EQ(Render("CST{yyyyMMdd}{seq:4}", 1), "CST202603050001");
  EXPECT_EQ(Render("C{yyyyMM}{seq:3}", 1), "C202603001");
  EXPECT_EQ(Render("C{yyyyMMdd}{seq:3}", 1), "C20260305001");
}

// CUS-1: a sequence grows past its digits.
TEST(NumberPattern, GrowsPastItsDigits) {
  EXPECT_EQ(Render("CRM{yyyy}{seq:3}", 999), "CRM2026999");
  EXPECT_EQ(Render("CRM{yyyy}{seq:3}", 1000), "CRM20261000");
  EXPECT_EQ(Render("{seq:1}", 1'234'567'890'123), "1234567890123");
}

// CUS-1: a type code, and -2, -3 … without a sequence.
TEST(NumberPattern, TypeCodeAndPatternsWithoutSequence) {
  EXPECT_EQ(Render("{type:2}{yyyyMMdd}{seq:3}", 7, "KA"), "KA20260305007");
  EXPECT_EQ(Render("MK{yyyyMMdd}", 1), "MK20260305");
  EXPECT_EQ(Render("MK{yyyyMMdd}", 2), "MK20260305-2");
  EXPECT_EQ(Render("MK{yyyyMMdd}{type:2}", 3, "01"), "MK2026030501-3");

  const absl::StatusOr<NumberPattern> typed = NumberPattern::Parse("{type:2}{seq:3}");
  ASSERT_TRUE(typed.ok());
  EXPECT_TRUE(typed->CheckType("KA").ok());
  for (const char* bad : {"", "K", "KAA", "K-", "客", "K "}) {
    EXPECT_EQ(ErrorReason(typed->CheckType(bad)), "BAD_TYPE_CODE") << bad;
  }
}

// CUS-1, PLT-23: the date is that of the business time zone.
TEST(NumberPattern, DateChangesAtMidnightInShanghai) {
  const absl::StatusOr<NumberPattern> pattern = NumberPattern::Parse("CRM{yyyy}{seq:6}");
  ASSERT_TRUE(pattern.ok());
  const absl::Time before = InShanghai(2026, 12, 31, 23, 59, 59) + absl::Microseconds(999'999);
  const absl::Time after = InShanghai(2027, 1, 1, 0);
  EXPECT_EQ(pattern->Period(before, Shanghai(), ""), "2026");
  EXPECT_EQ(pattern->Period(after, Shanghai(), ""), "2027");
  EXPECT_EQ(pattern->Period(after, absl::UTCTimeZone(), ""), "2026");
}

// CUS-1: the sequence counts within the date part; types share it, unless there is no sequence.
TEST(NumberPattern, PeriodIsTheDatePart) {
  const auto period = [](std::string_view text, std::string_view type) {
    return NumberPattern::Parse(text)->Period(kNoon, Shanghai(), type);
  };
  EXPECT_EQ(period("C{yyyyMM}{seq:3}", ""), "202603");
  EXPECT_EQ(period("C{seq:3}", ""), "");
  EXPECT_EQ(period("{type:2}{yyyy}{seq:3}", "KA"), "2026");
  EXPECT_EQ(period("{type:2}{yyyy}", "KA"), "2026/KA");
}

// CUS-1, PLT-25
TEST(NumberPattern, BadPatternsSayWhatAndWhere) {
  EXPECT_THAT(Problem(""), HasSubstr("empty"));
  EXPECT_THAT(Problem("CRM{yyyy"), HasSubstr("character 4"));
  EXPECT_THAT(Problem("CRM}"), HasSubstr("character 4"));
  EXPECT_THAT(Problem("CRM {seq:3}"), HasSubstr("character 4"));
  EXPECT_THAT(Problem("客{seq:3}"), HasSubstr("character 1"));
  EXPECT_THAT(Problem("C{yy}{seq:3}"), HasSubstr("only {yyyy}"));
  EXPECT_THAT(Problem("C{}"), HasSubstr("only {yyyy}"));
  EXPECT_THAT(Problem("C{{yyyy}}"), HasSubstr("only {yyyy}"));
  for (const char* width : {"", "0", "-1", "+3", " 3", "3x", "13", "99999999999999999999"}) {
    EXPECT_THAT(Problem(absl::StrCat("C{seq:", width, "}")), HasSubstr("from 1 to 12")) << width;
  }
  EXPECT_THAT(Problem("{type:9}{seq:3}"), HasSubstr("from 1 to 8"));
  EXPECT_THAT(Problem("{seq:3}{seq:3}"), HasSubstr("second {seq}"));
  EXPECT_THAT(Problem("{yyyy}{yyyyMM}"), HasSubstr("second date"));
  EXPECT_THAT(Problem("{type:1}{type:1}"), HasSubstr("second {type}"));
  EXPECT_THAT(Problem(std::string(33, 'C')), HasSubstr("longer than 32"));
  EXPECT_THAT(Problem(std::string("C\0", 2)), HasSubstr("character 2"));
}

}  // namespace
}  // namespace crm::numbering
