#include "bench/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/report.h"

namespace crm::bench {
namespace {

// QUA-2, QUA-4: a run that is told nothing else measures at 1 000 000 customers, and at a tenth.
TEST(Settings, AMillionCustomersUnlessToldOtherwise) {
  const Settings settings;
  EXPECT_EQ(settings.rows, 1'000'000);
  EXPECT_TRUE(settings.growth);
}

// QUA-2, QUA-4: what a list may cost follows from the rows that were measured: a logarithm grows
// more from 100 to 1 000 than from 100 000 to 1 000 000.
TEST(Settings, GrowthIsJudgedByTheRowsMeasured) {
  const BenchmarkInfo list = {.name = "archive.list",
                              .unit = "1/s",
                              .yardstick = "sysbench",
                              .growth = Growth::kLogarithmic};
  const auto table = [&](int64_t rows) {
    Settings settings;
    settings.rows = rows;
    Report report(settings);
    report.Add(list, {.value = 1000, .yardstick = 1000, .p50_ms = 1.7});
    report.AddSmall(list, {.value = 1000, .yardstick = 1000, .p50_ms = 1});
    return report.Table();
  };
  EXPECT_THAT(table(1'000'000), ::testing::HasSubstr("MISSED"));
  EXPECT_THAT(table(1'000), ::testing::Not(::testing::HasSubstr("MISSED")));
}

}  // namespace
}  // namespace crm::bench
