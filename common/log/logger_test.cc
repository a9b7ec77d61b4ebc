#include "common/log/logger.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace crm::log {
namespace {

using nlohmann::json;

class LoggerTest : public testing::Test {
 protected:
  std::vector<json> Lines() {
    logger_.Flush();
    std::vector<json> lines;
    std::istringstream text(out_.str());
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }

  std::ostringstream out_;
  Logger logger_{{.service = "customer", .out = &out_, .max_text_bytes = 8}};
};

// PLT-27: one JSON object a line with time, level and service.
TEST_F(LoggerTest, WritesOneObjectALine) {
  logger_.Write(Level::kInfo, "call", {{"method", "Get"}, {"latency_ms", 1.5}, {"port", 8443}});
  logger_.Write(Level::kError, "bad");

  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["service"], "customer");
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["method"], "Get");
  EXPECT_EQ(lines[0]["latency_ms"], 1.5);
  EXPECT_EQ(lines[0]["port"], 8443);
  EXPECT_THAT(lines[0]["time"].get<std::string>(), testing::EndsWith("Z"));
  EXPECT_EQ(lines[1]["level"], "error");
}

// PLT-27: what a caller sends cannot forge a line or a field.
TEST_F(LoggerTest, EscapesAndRepairsText) {
  logger_.Write(Level::kInfo, "a\"}\n{", {{"k", "\xff\x01"}});

  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["message"], "a\"}\n{");
  EXPECT_EQ(lines[0]["k"], "\xEF\xBF\xBD\x01");
}

TEST_F(LoggerTest, CutsLongTextBetweenCharacters) {
  logger_.Write(Level::kInfo, "客户客户客户");
  EXPECT_EQ(Lines()[0]["message"], "客户");
}

// PLT-27: levels are changeable at run time.
TEST_F(LoggerTest, LevelChangesWhileRunning) {
  logger_.Write(Level::kDebug, "no");
  logger_.SetLevel(Level::kDebug);
  logger_.Write(Level::kDebug, "yes");
  logger_.SetLevel(Level::kOff);
  logger_.Write(Level::kError, "no");

  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["message"], "yes");
}

TEST(LevelTest, NamesGoBothWays) {
  for (const Level level :
       {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError, Level::kOff}) {
    EXPECT_EQ(ParseLevel(LevelName(level)), level);
  }
  EXPECT_EQ(ParseLevel("loud"), std::nullopt);
}

}  // namespace
}  // namespace crm::log
