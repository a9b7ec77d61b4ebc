#include "tools/crmctl/duration_text.h"

#include <gtest/gtest.h>

namespace crm::cli {
namespace {

using schema::Language;

// PLT-29
TEST(DurationTextTest, TellsTheTwoLargestUnits) {
  const absl::Duration long_one = absl::Hours(51) + absl::Minutes(59);
  EXPECT_EQ(DurationText(long_one, Language::kChinese), "2天3小时");
  EXPECT_EQ(DurationText(long_one, Language::kEnglish), "2 d 3 h");
  EXPECT_EQ(DurationText(absl::Hours(24), Language::kChinese), "1天");
  EXPECT_EQ(DurationText(absl::Hours(24) + absl::Minutes(1), Language::kChinese), "1天");
  EXPECT_EQ(DurationText(-absl::Minutes(65), Language::kChinese), "1小时5分");
  EXPECT_EQ(DurationText(absl::Seconds(59), Language::kEnglish), "59 s");
  EXPECT_EQ(DurationText(absl::ZeroDuration(), Language::kChinese), "0秒");
}

// PLT-29, TIC-13
TEST(DurationTextTest, TellsWhatIsLeft) {
  EXPECT_EQ(RemainingText(absl::Minutes(5), Language::kChinese), "剩余 5分");
  EXPECT_EQ(RemainingText(-absl::Minutes(5), Language::kChinese), "超时 5分");
  EXPECT_EQ(RemainingText(-absl::Minutes(5), Language::kEnglish), "late 5 min");
}

}  // namespace
}  // namespace crm::cli
