#include "common/server/admission.h"

#include <gtest/gtest.h>

#include <vector>

namespace crm::server {
namespace {

constexpr absl::Duration kFar = absl::Seconds(30);

// PLT-9: the number of waiting calls is bounded, and a place comes back with its call.
TEST(AdmissionTest, BoundsTheNumberOfCalls) {
  Admission admission({.threads = 1, .max_calls = 2}, {}, {});
  Admission::Place first = admission.TryEnter(Lane::kWorkers, kFar);
  const Admission::Place second = admission.TryEnter(Lane::kWorkers, kFar);
  EXPECT_TRUE(first.held());
  EXPECT_TRUE(second.held());
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, kFar).held());
  EXPECT_EQ(admission.calls(Lane::kWorkers), 2);

  first.Leave();
  EXPECT_TRUE(admission.TryEnter(Lane::kWorkers, kFar).held());
  EXPECT_EQ(admission.calls(Lane::kWorkers), 1);
}

TEST(AdmissionTest, LanesAreIndependent) {
  Admission admission({.max_calls = 1}, {.max_calls = 1}, {.max_calls = 1});
  const auto worker = admission.TryEnter(Lane::kWorkers, kFar);
  EXPECT_TRUE(admission.TryEnter(Lane::kBatch, kFar).held());
  EXPECT_TRUE(admission.TryEnter(Lane::kStreams, kFar).held());
}

// PLT-9: a call that would wait longer than half of its time, or than the limit, is refused; a free
// thread takes any call.
TEST(AdmissionTest, RefusesCallsThatWouldWaitTooLong) {
  Admission admission({.threads = 2, .max_calls = 1000, .max_wait = absl::Seconds(1)}, {}, {});
  for (int i = 0; i < 200; ++i) admission.Observe(Lane::kWorkers, absl::Milliseconds(100), 1);

  std::vector<Admission::Place> working;
  working.push_back(admission.TryEnter(Lane::kWorkers, absl::Milliseconds(1)));
  working.push_back(admission.TryEnter(Lane::kWorkers, absl::Milliseconds(1)));
  EXPECT_TRUE(working[0].held());
  EXPECT_TRUE(working[1].held());

  // One ahead of two threads: 50 ms.
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, absl::Milliseconds(80)).held());
  EXPECT_TRUE(admission.TryEnter(Lane::kWorkers, absl::Milliseconds(120)).held());

  int waiting = 0;
  for (;; ++waiting) {
    working.push_back(admission.TryEnter(Lane::kWorkers, kFar));
    if (!working.back().held()) break;
  }
  EXPECT_NEAR(waiting, 20, 1);  // 1 s × 2 threads ÷ 100 ms
}

// Slow calls in the past do not keep an idle server closed.
TEST(AdmissionTest, RecoversWhenCallsBecomeFast) {
  Admission admission({.threads = 1, .max_calls = 10, .max_wait = absl::Milliseconds(10)}, {}, {});
  for (int i = 0; i < 200; ++i) admission.Observe(Lane::kWorkers, absl::Seconds(1), 1);
  auto working = admission.TryEnter(Lane::kWorkers, kFar);
  EXPECT_TRUE(working.held());
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, kFar).held());
  for (int i = 0; i < 200; ++i) admission.Observe(Lane::kWorkers, absl::Milliseconds(1), 1);
  EXPECT_TRUE(admission.TryEnter(Lane::kWorkers, kFar).held());
}

// The time of a batch is shared by its calls.
TEST(AdmissionTest, CountsBatchesPerCall) {
  Admission admission({}, {.threads = 1, .max_calls = 100, .max_wait = absl::Milliseconds(10)}, {});
  for (int i = 0; i < 200; ++i) admission.Observe(Lane::kBatch, absl::Milliseconds(64), 64);
  std::vector<Admission::Place> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(admission.TryEnter(Lane::kBatch, kFar));
  EXPECT_TRUE(waiting.back().held());
}

// PLT-9: while more arrives than pollers can take, writes get fewer places, down to one for each
// thread, so that refusals stay quick; they come back when the flood is over. Reads keep theirs.
TEST(AdmissionTest, WorkGivesWayToArrivals) {
  Admission admission({.threads = 2, .max_calls = 100}, {.max_calls = 3}, {});
  std::vector<Admission::Place> working;
  for (int i = 0; i < 40; ++i) working.push_back(admission.TryEnter(Lane::kWorkers, kFar));

  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  admission.Arrivals(false, now);
  admission.Arrivals(false, now);  // too soon: the first step has not worked yet
  working.resize(30);
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, kFar).held());
  working.resize(29);
  EXPECT_TRUE(admission.TryEnter(Lane::kWorkers, kFar).held());

  for (int i = 0; i < 20; ++i) admission.Arrivals(false, now += absl::Milliseconds(2));
  working.clear();
  for (int i = 0; i < 2; ++i) working.push_back(admission.TryEnter(Lane::kWorkers, kFar));
  EXPECT_TRUE(working.back().held());
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, kFar).held());
  std::vector<Admission::Place> reading;
  for (int i = 0; i < 3; ++i) reading.push_back(admission.TryEnter(Lane::kBatch, kFar));
  EXPECT_TRUE(reading.back().held());

  admission.Arrivals(true, now += absl::Milliseconds(5));
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, kFar).held());
  for (int i = 0; i < 100; ++i) admission.Arrivals(true, now += absl::Milliseconds(10));
  for (int i = 2; i < 100; ++i) working.push_back(admission.TryEnter(Lane::kWorkers, kFar));
  EXPECT_TRUE(working.back().held());
  EXPECT_FALSE(admission.TryEnter(Lane::kWorkers, kFar).held());
}

}  // namespace
}  // namespace crm::server
