// The whole way of an event: outbox → sequencer → stream → reader.
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "common/event/event_test_fixture.h"

namespace crm::event {
namespace {

// PLT-20, QUA-6: two writing replicas with clocks apart, three racing sequencers of which leases
// are lost at random, transactions that are abandoned: every committed event is delivered exactly
// once, positions have no gaps, and the changes of a resource come in order.
TEST_F(EventFlowTest, EveryCommittedEventIsDeliveredExactlyOnceInOrder) {
  constexpr int kWriters = 3;
  constexpr int kCommits = 150;
  std::atomic<int> writing = kWriters;
  std::atomic<int64_t> committed = 0;
  std::vector<std::jthread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      std::mt19937 random(static_cast<uint32_t>(w));
      const FakeClock clock(kStart + absl::Milliseconds(400 * w));
      IdGenerator ids(clock, w);
      const db::OutboxHook hook = MakeOutboxHook(ids, clock);
      for (int i = 0; i < kCommits; ++i) {
        std::vector<std::string> events;
        for (uint32_t n = random() % 4 + 1; n > 0; --n) {
          events.push_back(EventOf(absl::StrCat("W", w, "-", n), i));
        }
        db::WriteSet writes = WritesOf(events);
        const bool abandon = random() % 8 == 0;
        constexpr db::Query kFail{"fail", "UPDATE lease SET value = value WHERE name = 'none'"};
        if (abandon) writes.Execute(kFail, {}, db::Expect::kSomeRow);
        const db::Pool::Lease connection = Connect();
        const absl::Status status = db::CommitOn(*connection, {&writes}, hook);
        EXPECT_EQ(status.ok(), !abandon) << status;
        if (status.ok()) committed += static_cast<int64_t>(events.size());
      }
      --writing;
    });
  }
  for (int s = 0; s < 3; ++s) {
    threads.emplace_back([&, s] {
      std::mt19937 random(static_cast<uint32_t>(100 + s));
      FakeClock clock(kStart);
      Sequencer sequencer({.holder = absl::StrCat("s", s), .max_rows = 20}, database_.pool(),
                          clock);
      while (writing > 0) {
        // Errors are part of it: a lost lease, a conflict. Clocks that run wild steal leases.
        sequencer.RunOnce().IgnoreError();
        clock.Advance(absl::Milliseconds(random() % 4000));
      }
    });
  }
  threads.clear();
  clock_.Advance(absl::Hours(1'000));
  Sequence(*MakeSequencer("last"));

  const auto messages = Messages(MakeService(), 0);
  ASSERT_TRUE(messages.ok()) << messages.status();
  int64_t position = 0;
  std::set<std::string> ids;
  std::map<std::string, int64_t> versions;
  for (const StreamEventsResponse& message : *messages) {
    for (const Event& event : message.events()) {
      EXPECT_EQ(event.position(), ++position);
      EXPECT_TRUE(ids.insert(event.event_id()).second);
      int64_t& version = versions.try_emplace(event.subject(), -1).first->second;
      EXPECT_GT(event.version(), version) << event.subject();
      version = event.version();
    }
  }
  EXPECT_EQ(position, committed);
  EXPECT_EQ(database_.Int("SELECT COUNT(*) FROM outbox WHERE position IS NULL"), 0);
}

}  // namespace
}  // namespace crm::event
