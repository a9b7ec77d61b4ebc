#include "common/base/mutex.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace crm {
namespace {

constexpr int kRounds = 300;

// PLT-22: whoever has waited may destroy what it has waited on, while the notifier is on its way
// out.
TEST(Notification, MayBeDestroyedByWhoeverHasWaited) {
  for (int i = 0; i < kRounds; ++i) {
    auto notification = std::make_unique<Notification>();
    std::jthread notifier([n = notification.get()] { n->Notify(); });
    notification->WaitForNotification();
    EXPECT_TRUE(notification->HasBeenNotified());
    notification.reset();
  }
}

TEST(BlockingCounter, WaitsForAllAndMayBeDestroyedThen) {
  for (int i = 0; i < kRounds; ++i) {
    int done = 0;
    Mutex mutex;
    std::vector<std::jthread> threads;
    {
      BlockingCounter all(3);
      for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&] {
          {
            MutexLock lock(&mutex);
            ++done;
          }
          all.DecrementCount();
        });
      }
      all.Wait();
    }
    MutexLock lock(&mutex);
    EXPECT_EQ(done, 3);
  }
}

TEST(BlockingCounter, TellsTheLast) {
  BlockingCounter all(2);
  EXPECT_FALSE(all.DecrementCount());
  EXPECT_TRUE(all.DecrementCount());
  all.Wait();
}

TEST(BlockingCounter, OfNothingDoesNotWait) { BlockingCounter(0).Wait(); }

}  // namespace
}  // namespace crm
