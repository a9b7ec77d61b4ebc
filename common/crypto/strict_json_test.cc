#include "common/crypto/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace crm::crypto {
namespace {

using ::testing::HasSubstr;

std::string WhyRefused(std::string_view text, JsonLimits limits = {}) {
  const auto json = ParseStrictJson(text, limits);
  return json.ok() ? "accepted" : std::string(json.status().message());
}

TEST(StrictJson, ReadsOrdinaryJson) {
  const auto json = ParseStrictJson(R"({"a": [1, {"b": "客户"}], "c": {"b": 2}})");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)["a"][1]["b"], "客户");
}

// QUA-8
TEST(StrictJson, RefusesAKeyGivenTwice) {
  EXPECT_THAT(WhyRefused(R"({"sub": "a", "sub": "b"})"), HasSubstr("\"sub\" is given twice"));
  EXPECT_THAT(WhyRefused(R"({"x": [{"k": 1, "\u006b": 2}]})"), HasSubstr("given twice"));
  EXPECT_EQ(WhyRefused(R"([{"k": 1}, {"k": 2}])"), "accepted");
}

// QUA-8
TEST(StrictJson, RefusesDeepNesting) {
  EXPECT_EQ(WhyRefused("[[[1]]]", {.max_depth = 3}), "accepted");
  EXPECT_EQ(WhyRefused("[[[[1]]]]", {.max_depth = 3}), "nested too deeply");
  EXPECT_EQ(WhyRefused(std::string(900'000, '[')), "nested too deeply");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(WhyRefused(objects), "nested too deeply");
}

// QUA-8
TEST(StrictJson, RefusesWhatIsNotJson) {
  EXPECT_EQ(WhyRefused("{\n\"a\": 1,\n}"), "line 3: not valid JSON");
  for (const std::string text : {"", " ", "{", "{} {}", "nul", "'a'", "{a: 1}", "[1,]", "NaN",
                                 "\"\\ud800\"", "\"\xff\"", "\"\xed\xa0\x80\"", "// x\n1"}) {
    EXPECT_THAT(WhyRefused(text), HasSubstr("not valid JSON")) << text;
  }
  EXPECT_EQ(WhyRefused("1e999"), "a number is out of range");
  EXPECT_EQ(WhyRefused("[1, 2]", {.max_bytes = 5}), "too long");
}

// PLT-7
TEST(StrictJson, NeverQuotesAValue) {
  EXPECT_THAT(WhyRefused("{\"key\": \"s3cret\" x}"), ::testing::Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace crm::crypto
