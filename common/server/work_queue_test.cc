#include "common/server/work_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "common/base/mutex.h"
#include "common/server/call.h"

namespace crm::server {
namespace {

class NoCall : public Call {
 public:
  NoCall() : Call(nullptr) {}
  CallHeaders Headers() const override { return {}; }
  absl::Status ParseRequest() override { return absl::OkStatus(); }
  bool Gone() const override { return false; }
  void Send(const absl::Status&) override {}
};

// PLT-9: calls that do not end before others have begun all get a thread of their own, also when a
// thread that waits has just been woken for another one.
TEST(WorkQueueTest, EndlessCallsDoNotHoldUpOthers) {
  constexpr int kRounds = 200;
  constexpr int kTogether = 3;
  NoCall first;
  std::vector<std::unique_ptr<NoCall>> calls;
  for (int i = 0; i < kTogether; ++i) calls.push_back(std::make_unique<NoCall>());
  for (int round = 0; round < kRounds; ++round) {
    Mutex mutex;
    int begun = 0;
    bool all_begun = true;
    const auto together = [&] {
      mutex.AssertReaderHeld();
      return begun == kTogether;
    };
    WorkQueue queue(kTogether, [&](Call& call) {
      if (&call == &first) return;
      MutexLock lock(&mutex);
      ++begun;
      if (!mutex.AwaitWithTimeout(absl::Condition(&together), absl::Seconds(20))) {
        all_begun = false;
      }
    });
    Call* one = &first;
    queue.Push(absl::MakeConstSpan(&one, 1));
    for (const auto& call : calls) {
      one = call.get();
      queue.Push(absl::MakeConstSpan(&one, 1));
    }
    queue.Stop();
    ASSERT_TRUE(all_begun) << "round " << round;
  }
}

}  // namespace
}  // namespace crm::server
