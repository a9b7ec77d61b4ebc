#include "tools/crmctl/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text/unicode.h"
#include "tools/crmctl/test_console.h"

namespace crm::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// PLT-29: rate and time left.
TEST(ProgressBar, ShowsShareRateAndTimeLeft) {
  TestConsole test;
  test.console.err_is_terminal = true;
  test.console.width = 100;
  ProgressBar bar(test.console, Language::kChinese, {.title = "导入"});
  bar.Update({.done = 0, .total = 50'000});
  test.TakeErr();

  test.clock.Advance(absl::Seconds(2));
  bar.Update({.done = 20'000, .total = 50'000});

  const std::string line = test.TakeErr();
  EXPECT_THAT(line, HasSubstr("导入 ████████████████"));
  EXPECT_THAT(line, HasSubstr(" 40%  20,000/50,000 行  10,000 行/秒  剩余 0:03"));
}

TEST(ProgressBar, TheServersFiguresAreBetter) {
  TestConsole test;
  test.console.err_is_terminal = true;
  test.console.width = 100;
  ProgressBar bar(test.console, Language::kEnglish, {.title = "import"});

  bar.Update(
      {.done = 10, .total = 100, .fraction = 0.5, .per_second = 2000, .left = absl::Seconds(75)});

  EXPECT_THAT(test.TakeErr(), HasSubstr(" 50%  10/100 rows  2,000 rows/s  left 1:15"));
}

TEST(ProgressBar, IsDrawnAtMostTenTimesASecond) {
  TestConsole test;
  test.console.err_is_terminal = true;
  ProgressBar bar(test.console, Language::kEnglish, {.title = "upload"});
  bar.Update({.done = 1, .total = 100});
  test.TakeErr();

  test.clock.Advance(absl::Milliseconds(99));
  bar.Update({.done = 2, .total = 100});
  EXPECT_THAT(test.TakeErr(), IsEmpty());

  test.clock.Advance(absl::Milliseconds(1));
  bar.Update({.done = 3, .total = 100});
  EXPECT_THAT(test.TakeErr(), Not(IsEmpty()));
}

TEST(ProgressBar, WithoutATerminalOnlyTheEndIsWritten) {
  TestConsole test;
  ProgressBar bar(test.console, Language::kEnglish,
                  {.title = "upload", .unit = ProgressBar::Unit::kBytes});
  bar.Update({.done = 0, .total = 2 << 20});
  test.clock.Advance(absl::Seconds(2));
  bar.Update({.done = 2 << 20, .total = 2 << 20});
  EXPECT_THAT(test.TakeErr(), IsEmpty());

  bar.Finish();
  bar.Finish();

  EXPECT_EQ(test.TakeErr(), "upload: 2.0 MiB/2.0 MiB  1.0 MiB/s\n");
}

TEST(ProgressBar, FitsANarrowTerminal) {
  TestConsole test;
  test.console.err_is_terminal = true;
  test.console.width = 30;
  ProgressBar bar(test.console, Language::kChinese, {.title = "导入"});
  test.clock.Advance(absl::Seconds(1));

  bar.Update({.done = 20'000, .total = 50'000, .per_second = 12'345});

  const std::string drawn = test.TakeErr();
  const std::string line = drawn.substr(1, drawn.find('\x1b') - 1);
  EXPECT_LT(text::DisplayWidth(line), 30u);
}

TEST(ProgressBar, AnUnknownTotalIsNoDivisionByZero) {
  TestConsole test;
  ProgressBar bar(test.console, Language::kEnglish, {.title = "import"});
  bar.Update({.done = 0, .total = 0});
  bar.Finish();

  EXPECT_EQ(test.TakeErr(), "import: 0 rows\n");
}

TEST(Bar, IsAlwaysAsWideAsAskedFor) {
  EXPECT_EQ(Bar(0, 4), "    ");
  EXPECT_EQ(Bar(1, 4), "████");
  EXPECT_EQ(Bar(0.5, 3), "█▌ ");
  for (const double fraction : {-1.0, 0.001, 0.999, 7.0, 0.0 / 0.0}) {
    EXPECT_EQ(text::DisplayWidth(Bar(fraction, 10)), 10u) << fraction;
  }
}

TEST(Sparkline, IsRelativeToTheLargest) {
  EXPECT_EQ(Sparkline({0, 50, 100}), "▁▅█");
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(Sparkline({0, 0}), "▁▁");
}

TEST(Numbers, AreWrittenForPeople) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'234'567), "1,234,567");
  EXPECT_EQ(Grouped(-123'456), "-123,456");
  EXPECT_EQ(ByteSize(1023), "1023 B");
  EXPECT_EQ(ByteSize(1536), "1.5 KiB");
  EXPECT_EQ(ClockTime(absl::Seconds(7)), "0:07");
  EXPECT_EQ(ClockTime(absl::Seconds(3723)), "1:02:03");
}

}  // namespace
}  // namespace crm::cli
