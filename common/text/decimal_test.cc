#include "common/text/decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crm::text {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Decimal, Parsed) {  // CUS-28
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"180000", "180000.00"},
      {"180,000.00", "180000.00"},
      {"1,234,567.8", "1234567.80"},
      {"¥18万", "180000.00"},
      {"￥ 18 万元", "180000.00"},
      {"1.5万元", "15000.00"},
      {"2亿", "200000000.00"},
      {"3千", "3000.00"},
      {"3百万", "3000000.00"},
      {"3千万元", "30000000.00"},
      {"0.00001万", "0.10"},
      {"１８００００．５", "180000.50"},
      {"１８，０００", "18000.00"},
      {"CNY 100", "100.00"},
      {"cny100", "100.00"},
      {"100 RMB", "100.00"},
      {"人民币100元", "100.00"},
      {"-5", "-5.00"},
      {"−5.5", "-5.50"},
      {"-¥5", "-5.00"},
      {"¥-5", "-5.00"},
      {"+5", "5.00"},
      {"0", "0.00"},
      {"-0", "0.00"},
      {"000.10", "0.10"},
      {"1.50000", "1.50"},
      {"92233720368547758.07", "92233720368547758.07"},
      {"-92233720368547758.08", "-92233720368547758.08"},
      {"0亿", "0.00"},
  };
  for (const auto& [text, canonical] : cases) {
    const Result<int64_t> value = ParseDecimal(text, 2);
    ASSERT_TRUE(value.ok()) << text << ": " << value.problem().rule;
    EXPECT_EQ(FormatDecimal(*value, 2), canonical) << text;
  }
}

TEST(Decimal, Refused) {  // CUS-28
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "DECIMAL_EMPTY"},
      {" \u3000", "DECIMAL_EMPTY"},
      {"abc", "DECIMAL_FORMAT"},
      {"¥", "DECIMAL_FORMAT"},
      {"万", "DECIMAL_FORMAT"},
      {"-", "DECIMAL_FORMAT"},
      {"--5", "DECIMAL_FORMAT"},
      {".", "DECIMAL_FORMAT"},
      {".5", "DECIMAL_FORMAT"},
      {"5.", "DECIMAL_FORMAT"},
      {"1.2.3", "DECIMAL_FORMAT"},
      {"1,23", "DECIMAL_FORMAT"},
      {"1,2345", "DECIMAL_FORMAT"},
      {",123", "DECIMAL_FORMAT"},
      {"1234,567", "DECIMAL_FORMAT"},
      {"1.000,50", "DECIMAL_FORMAT"},
      {"1 000", "DECIMAL_FORMAT"},
      {"1e5", "DECIMAL_FORMAT"},
      {"0x10", "DECIMAL_FORMAT"},
      {"$100", "DECIMAL_FORMAT"},
      {"USD 100", "DECIMAL_FORMAT"},
      {"3万5千", "DECIMAL_FORMAT"},
      {"十万", "DECIMAL_FORMAT"},
      {"10-20", "DECIMAL_FORMAT"},
      {"\xFF", "DECIMAL_FORMAT"},
      {"NaN", "DECIMAL_FORMAT"},
      {"0.125", "DECIMAL_PRECISION"},
      {"1.000000001万", "DECIMAL_PRECISION"},
      {"92233720368547758.08", "DECIMAL_RANGE"},
      {"-92233720368547758.09", "DECIMAL_RANGE"},
      {"99999999999999999999999999", "DECIMAL_RANGE"},
      {"9999999999亿", "DECIMAL_RANGE"},
  };
  for (const auto& [text, rule] : cases) {
    const Result<int64_t> value = ParseDecimal(text, 2);
    ASSERT_FALSE(value.ok()) << text << " → " << *value;
    EXPECT_EQ(value.problem().rule, rule) << text;
  }
}

TEST(Decimal, Formatted) {
  EXPECT_EQ(FormatDecimal(18000000, 2), "180000.00");
  EXPECT_EQ(FormatDecimal(5, 2), "0.05");
  EXPECT_EQ(FormatDecimal(-5, 2), "-0.05");
  EXPECT_EQ(FormatDecimal(0, 0), "0");
  EXPECT_EQ(FormatDecimal(-7, 0), "-7");
  EXPECT_EQ(FormatDecimal(1, 18), "0.000000000000000001");
  EXPECT_EQ(FormatDecimal(kMin, 2), "-92233720368547758.08");
}

TEST(Decimal, RoundTrip) {
  std::mt19937_64 random(28);
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<int64_t>(random() >> (random() % 64)) * (i % 2 == 0 ? 1 : -1);
    const int scale = static_cast<int>(random() % (kMaxDecimalScale + 1));
    const Result<int64_t> parsed = ParseDecimal(FormatDecimal(value, scale), scale);
    ASSERT_TRUE(parsed.ok()) << value;
    EXPECT_EQ(*parsed, value);
  }
}

TEST(Decimal, RoundHalfUp) {
  EXPECT_EQ(*RoundHalfUp(125, 3, 2), 13);
  EXPECT_EQ(*RoundHalfUp(124, 3, 2), 12);
  EXPECT_EQ(*RoundHalfUp(-125, 3, 2), -13);
  EXPECT_EQ(*RoundHalfUp(-124, 3, 2), -12);
  EXPECT_EQ(*RoundHalfUp(49, 2, 0), 0);
  EXPECT_EQ(*RoundHalfUp(50, 2, 0), 1);
  EXPECT_EQ(*RoundHalfUp(7, 2, 2), 7);
  EXPECT_EQ(*RoundHalfUp(7, 0, 2), 700);
  EXPECT_EQ(*RoundHalfUp(kMax, 18, 0), 9);
  EXPECT_EQ(*RoundHalfUp(kMin, 18, 17), kMin / 10 - 1);
  EXPECT_EQ(RoundHalfUp(kMax, 0, 1).problem().rule, "DECIMAL_RANGE");
}

}  // namespace
}  // namespace crm::text
