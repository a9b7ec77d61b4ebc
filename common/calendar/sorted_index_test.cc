#include "common/calendar/sorted_index.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/calendar/random_calendar.h"

namespace crm::calendar {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST(SortedIndex, EmptyAndSingle) {
  EXPECT_EQ(SortedIndex({}).CountTo(7), 0u);
  const SortedIndex one({7});
  EXPECT_EQ(one.CountTo(6), 0u);
  EXPECT_EQ(one.CountTo(7), 1u);
  EXPECT_EQ(one.CountBelow(7), 0u);
  EXPECT_EQ(one.CountTo(kMost), 1u);
}

TEST(SortedIndex, TheWholeRangeOfNumbers) {
  const SortedIndex index({kLeast, -1, 0, 0, kMost});
  EXPECT_EQ(index.CountTo(kLeast), 1u);
  EXPECT_EQ(index.CountTo(-1), 2u);
  EXPECT_EQ(index.CountTo(0), 4u);
  EXPECT_EQ(index.CountTo(kMost - 1), 4u);
  EXPECT_EQ(index.CountTo(kMost), 5u);
}

TEST(SortedIndex, AgreesWithCounting) {
  Dice dice(1);
  for (int i = 0; i < 300; ++i) {
    const int64_t widest = int64_t{1} << dice.Roll(2, 60);
    std::vector<int64_t> values;
    for (int64_t left = dice.Roll(1, 60); left > 0; --left) {
      // Even, or most of them in one place.
      values.push_back(dice.OneIn(2) ? dice.Roll(-widest, widest) : dice.Roll(-3, 3));
    }
    std::sort(values.begin(), values.end());
    const SortedIndex index(values);
    for (int j = 0; j < 50; ++j) {
      const int64_t value = dice.OneIn(2) ? dice.Pick(values) : dice.Roll(-widest - 1, widest + 1);
      const auto expected = std::count_if(values.begin(), values.end(),
                                          [&](int64_t element) { return element <= value; });
      ASSERT_EQ(index.CountTo(value), static_cast<size_t>(expected));
    }
  }
}

}  // namespace
}  // namespace crm::calendar
