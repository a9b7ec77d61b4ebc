#include "common/job/settled_mark.h"

#include <gtest/gtest.h>

namespace crm::job {
namespace {

// PLT-22, PLT-25
TEST(SettledMark, IsWhatHasStoodLongEnough) {
  const absl::Time start = absl::FromUnixSeconds(1'774'000'800);
  SettledMark mark(absl::Seconds(40));
  EXPECT_EQ(mark.Get(), SettledMark::kNone);
  EXPECT_FALSE(mark.See(7, start));
  EXPECT_FALSE(mark.See(7, start + absl::Seconds(39)));
  EXPECT_EQ(mark.Get(), SettledMark::kNone);
  EXPECT_TRUE(mark.See(7, start + absl::Seconds(40)));
  EXPECT_FALSE(mark.See(7, start + absl::Seconds(41))) << "is known";
  EXPECT_EQ(mark.Get(), 7);

  // Another change begins the wait anew; what had settled stays until then.
  EXPECT_FALSE(mark.See(8, start + absl::Seconds(50)));
  EXPECT_FALSE(mark.See(9, start + absl::Seconds(89)));
  EXPECT_FALSE(mark.See(9, start + absl::Seconds(90)));
  EXPECT_EQ(mark.Get(), 7);
  EXPECT_TRUE(mark.See(9, start + absl::Seconds(129)));
  EXPECT_EQ(mark.Get(), 9);
}

}  // namespace
}  // namespace crm::job
