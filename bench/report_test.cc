// What the figures of several rounds become.
#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "bench/latency.h"

namespace crm::bench {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const BenchmarkInfo kGet = {.name = "archive.get.64",
                            .unit = "1/s",
                            .yardstick = "sysbench",
                            .target = {Target::Kind::kAtLeast, 0.5},
                            .growth = Growth::kFlat};

Figure FigureOf(double value, double yardstick, double p50_ms = 1) {
  return {.value = value, .yardstick = yardstick, .p50_ms = p50_ms};
}

// QUA-3
TEST(Report, ComparesTheMediansOfAllRounds) {
  const Settings settings;
  Report report(settings);
  report.Add(kGet, FigureOf(900, 1000));
  report.Add(kGet, FigureOf(100, 2000));
  report.Add(kGet, FigureOf(600, 3000));
  // Median 600 of median 2000.
  EXPECT_THAT(report.Table(), ContainsRegex("archive.get.64 +600 +1/s +2000 +0.3 .*MISSED"));
}

// QUA-3
TEST(Report, TellsWhenATargetIsMet) {
  const Settings settings;
  Report report(settings);
  report.Add(kGet, FigureOf(500, 1000));
  EXPECT_THAT(report.Table(), HasSubstr("  met"));
  EXPECT_THAT(report.Table(), Not(HasSubstr("MISSED")));
}

// QUA-4
TEST(Report, PointOperationsMustNotGrow) {
  const Settings settings;
  Report report(settings);
  report.Add(kGet, FigureOf(1000, 1000, 1.5));
  report.AddSmall(kGet, FigureOf(1000, 1000, 1));
  EXPECT_THAT(report.Table(), HasSubstr("x1.5 MISSED"));
}

// QUA-4: from 100 000 to 1 000 000 a logarithm grows by 1.2, and noise is allowed for.
TEST(Report, ListsMayGrowWithTheLogarithm) {
  const Settings settings;
  Report report(settings);
  BenchmarkInfo list = kGet;
  list.growth = Growth::kLogarithmic;
  report.Add(list, FigureOf(1000, 1000, 1.45));
  report.AddSmall(list, FigureOf(1000, 1000, 1));
  EXPECT_THAT(report.Table(), Not(HasSubstr("MISSED")));
}

// QUA-5
TEST(Report, MemoryOverItsBoundIsMissed) {
  const Settings settings;
  Report report(settings);
  BenchmarkInfo import = kGet;
  import.most_peak_mb = 300;
  Figure figure = FigureOf(1000, 1000);
  figure.peak_mb = 301;
  report.Add(import, figure);
  EXPECT_THAT(report.Table(), HasSubstr("MISSED: memory over 300 MB"));
}

// QUA-3: figures are read under their headers.
TEST(Report, EveryColumnHasItsHeader) {
  const Settings settings;
  Report report(settings);
  Figure figure = FigureOf(500, 1000, 2);
  figure.service_micros = 111;
  figure.database_micros = 222;
  figure.client_micros = 333;
  report.Add(kGet, figure);
  const std::vector<std::string> lines = absl::StrSplit(report.Table(), '\n');
  const auto end_of = [](const std::string& line, const std::string& word) {
    const size_t begin = line.find(word);
    return begin == std::string::npos ? begin : begin + word.size();
  };
  for (const auto& [header, cell] :
       {std::pair{"service us", "111"}, std::pair{"db us", "222"}, std::pair{"client us", "333"}}) {
    ASSERT_NE(end_of(lines[0], header), std::string::npos) << header;
    EXPECT_EQ(end_of(lines[0], header), end_of(lines[1], cell)) << header;
  }
  EXPECT_EQ(lines[0].find("verdict"), lines[1].find("met"));  // half of the yardstick
}

// QUA-3
TEST(Report, WritesWhatWasMeasured) {
  const Settings settings;
  Report report(settings);
  report.Add(kGet, FigureOf(500, 1000, 2));
  report.Skip({.name = "archive.import.1m", .unit = "rows/s", .yardstick = ""}, "not served");
  const std::string path = ::testing::TempDir() + "/bench_results.json";
  ASSERT_TRUE(report.Write(path).ok());
  std::ifstream file(path);
  const auto results = nlohmann::json::parse(file);
  std::filesystem::remove(path);
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0]["name"], "archive.get.64");
  EXPECT_EQ(results[0]["ratio"], 0.5);
  EXPECT_EQ(results[0]["p50_ms"], 2);
}

TEST(Latencies, PercentilesAreExact) {
  Latencies latencies;
  for (int i = 100; i > 0; --i) latencies.Add(absl::Milliseconds(i));
  EXPECT_EQ(latencies.Millis(0.5), 51);
  EXPECT_EQ(latencies.Millis(0.99), 100);
  EXPECT_EQ(latencies.Millis(1), 100);
  EXPECT_EQ(Latencies().Millis(0.5), 0);
}

TEST(Latencies, MedianOfNothingIsNothing) {
  EXPECT_EQ(Median({}), 0);
  EXPECT_EQ(Median({3, 1, 2}), 2);
}

}  // namespace
}  // namespace crm::bench
