// What is old is purged.
#include "common/event/retention.h"

#include "common/event/event_test_fixture.h"

namespace crm::event {
namespace {

using ::testing::ElementsAre;

class RetentionTest : public EventFlowTest {};

// PLT-20: retention by age, oldest first, never an event without a position.
TEST_F(RetentionTest, PurgeKeepsTheYoungAndTheUnsequenced) {
  for (int i = 0; i < 5; ++i) {
    Commit({EventOf(absl::StrCat("S", i))});
    clock_.Advance(absl::Hours(1));
  }
  const auto sequencer = MakeSequencer("a");
  Sequence(*sequencer);
  Commit({EventOf("unsequenced")});
  EXPECT_EQ(*PurgeOutbox(database_.pool(), kStart + absl::Hours(3)), 3);
  EXPECT_EQ(*PurgeOutbox(database_.pool(), kStart + absl::Hours(3)), 0);
  EXPECT_EQ(*PurgeOutbox(database_.pool(), absl::FromUnixSeconds(9'000'000'000)), 2);
  Sequence(*sequencer);
  EXPECT_THAT(Subjects(5), ElementsAre("unsequenced@6"));
}

// PLT-20: a row that is young stops the purge, even if a later one is older by its clock.
TEST_F(RetentionTest, PurgeLeavesNoGaps) {
  Commit({EventOf("A")});
  Commit({EventOf("B")});
  Commit({EventOf("C")});
  Sequence(*MakeSequencer("a"));
  database_.Run("UPDATE outbox SET create_time = 0 WHERE position IN (1, 3)");
  EXPECT_EQ(*PurgeOutbox(database_.pool(), kStart), 1);
  EXPECT_THAT(Subjects(1), ElementsAre("B@2", "C@3"));
}

// PLT-5: answers are kept 24 h.
TEST_F(RetentionTest, PurgeIdempotencyByAge) {
  database_.Run(
      absl::StrCat("INSERT INTO idempotency (key_hash, request_hash, create_time, response) VALUES "
                   "(UNHEX(REPEAT('00', 16)), '', ",
                   ToMicros(kStart), ", ''), ", "(UNHEX(REPEAT('ff', 16)), '', ",
                   ToMicros(kStart) - 1, ", ''), ", "(UNHEX(REPEAT('27', 16)), '', 0, '')"));
  EXPECT_EQ(*PurgeIdempotency(database_.pool(), kStart), 2);
  EXPECT_EQ(database_.String("SELECT HEX(key_hash) FROM idempotency"), std::string(32, '0'));
}

}  // namespace
}  // namespace crm::event
