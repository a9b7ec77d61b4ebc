#include "common/base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace crm {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'774'000'000);

TEST(IdGenerator, RisesWhenTheClockStepsBack) {
  FakeClock clock(kStart);
  IdGenerator ids(clock, 3);
  const int64_t first = ids.Next();
  clock.Advance(-absl::Hours(1));
  EXPECT_GT(ids.Next(), first);
}

TEST(IdGenerator, KeepsTheTimeItWasMade) {
  FakeClock clock(kStart);
  IdGenerator ids(clock, IdGenerator::kMaxNode);
  EXPECT_EQ(IdGenerator::TimeOf(ids.Next()), kStart);
}

TEST(IdGenerator, FollowsATimeSeenInARow) {
  FakeClock behind(kStart), ahead(kStart + absl::Minutes(5));
  IdGenerator slow(behind, 1), fast(ahead, 2);
  const int64_t cause = fast.Next();
  slow.ObserveTime(ahead.Now());
  EXPECT_GT(slow.Next(), cause);
}

TEST(IdGenerator, NeverRepeatsAcrossThreadsAndNodes) {
  FakeClock clock(kStart);
  IdGenerator a(clock, 0), b(clock, 1);
  std::vector<std::vector<int64_t>> made(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10'000; ++i) made[t].push_back(t % 2 == 0 ? a.Next() : b.Next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<int64_t> all;
  for (const auto& part : made) all.insert(part.begin(), part.end());
  EXPECT_EQ(all.size(), 40'000u);
}

}  // namespace
}  // namespace crm
