// The sequencer gives committed events their positions.
#include "common/error/error.h"
#include "common/event/event_test_fixture.h"

namespace crm::event {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SequencerTest : public EventFlowTest {};

// PLT-20: committed events get positions from 1, without gaps, in the order of their commits.
TEST_F(SequencerTest, PositionsFollowTheCommits) {
  Commit({EventOf("A"), EventOf("B")});
  Commit({EventOf("C")});
  const auto sequencer = MakeSequencer("a");
  Sequence(*sequencer);
  Commit({EventOf("D")});
  Sequence(*sequencer);
  EXPECT_THAT(Subjects(0), ElementsAre("A@1", "B@2", "C@3", "D@4"));
  EXPECT_EQ(sequencer->stats().newest_position, 4);
  EXPECT_EQ(sequencer->stats().events, 4);
  EXPECT_EQ(sequencer->stats().unsequenced, 0);
}

// PLT-20: an event that commits late, with an earlier key, is not skipped.
TEST_F(SequencerTest, LateCommitIsNotSkipped) {
  const db::Pool::Lease slow = Connect();
  ASSERT_TRUE(slow->Begin().ok());
  constexpr db::Query kInsert{"insert_outbox",
                              "INSERT INTO outbox (id, position, event_count, create_time, "
                              "payload) VALUES (?, NULL, 1, 0, ?)"};
  ASSERT_TRUE(
      slow->Execute(kInsert, {ids_.Next(), "\n\x05" + std::string("\"\x03\x4c\x41\x54")}).ok());
  Commit({EventOf("B")});
  const auto sequencer = MakeSequencer("a");
  Sequence(*sequencer);
  EXPECT_THAT(Subjects(0), ElementsAre("B@1"));
  ASSERT_TRUE(slow->Commit().ok());
  Sequence(*sequencer);
  EXPECT_THAT(Subjects(1), ElementsAre("LAT@2"));
}

// PLT-20: what was rolled back never appears.
TEST_F(SequencerTest, AbandonedTransactionLeavesNoEvent) {
  {
    const db::Pool::Lease connection = Connect();
    ASSERT_TRUE(connection->Begin().ok());
    constexpr db::Query kInsert{"insert_outbox",
                                "INSERT INTO outbox (id, event_count, create_time, payload) "
                                "VALUES (1, 1, 0, '')"};
    ASSERT_TRUE(connection->Execute(kInsert, {}).ok());
  }
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  EXPECT_THAT(Subjects(0), ElementsAre("A@1"));
}

// PLT-20: many rows, several transactions, updates in chunks.
TEST_F(SequencerTest, SequencesManyRowsInBatches) {
  std::vector<std::string> expected;
  for (int i = 1; i <= 700; ++i) {
    Commit({EventOf(absl::StrCat("S", i))});
    expected.push_back(absl::StrCat("S", i, "@", i));
  }
  Sequence(*MakeSequencer("a", 300));
  EXPECT_EQ(Subjects(0), expected);
}

// PLT-20: two replicas, one clock behind: version 2 still follows version 1.
TEST_F(SequencerTest, ReplicaWithALateClockKeepsTheOrder) {
  FakeClock behind(kStart - absl::Seconds(3));
  IdGenerator other(behind, 2);
  Commit({EventOf("A", 1)});
  Commit({EventOf("A", 2), EventOf("B", 1)}, other);
  Commit({EventOf("A", 3)});
  Sequence(*MakeSequencer("a"));
  EXPECT_THAT(Subjects(0), ElementsAre("A@1", "A@2", "B@3", "A@4"));
  const auto messages = Messages(MakeService(), 0);
  EXPECT_EQ((*messages)[0].events(1).version(), 2);
}

// PLT-20, PLT-22: only the holder of the lease gives positions; another takes over after the term.
TEST_F(SequencerTest, OneSequencerAtATime) {
  const auto a = MakeSequencer("a");
  const auto b = MakeSequencer("b");
  Sequence(*a);
  Commit({EventOf("A")});
  Sequence(*b);
  EXPECT_FALSE(b->stats().holding);
  EXPECT_THAT(Subjects(0), IsEmpty());
  clock_.Advance(absl::Seconds(6));
  Sequence(*b);
  EXPECT_TRUE(b->stats().holding);
  EXPECT_THAT(Subjects(0), ElementsAre("A@1"));
}

// PLT-20: without the lease a notification costs no query until the next try is due.
TEST_F(SequencerTest, ReplicaWithoutTheLeaseWaits) {
  const auto a = MakeSequencer("a");
  const auto b = MakeSequencer("b");
  Sequence(*a);
  EXPECT_EQ(*b->Job()({}), kStart + absl::Seconds(1));
  ASSERT_TRUE(a->Release().ok());
  EXPECT_EQ(*b->Job()({}), kStart + absl::Seconds(1));
  EXPECT_FALSE(b->stats().holding);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(*b->Job()({}), kStart + absl::Seconds(1) + absl::Milliseconds(200));
  EXPECT_TRUE(b->stats().holding);
}

// PLT-20, QUA-6: a holder that lost its lease without noticing gives no position twice.
TEST_F(SequencerTest, StalledHolderIsFencedOff) {
  FakeClock stalled(kStart);
  Sequencer a({.holder = "a"}, database_.pool(), stalled);
  const auto b = MakeSequencer("b");
  ASSERT_TRUE(a.RunOnce()->holding);
  clock_.Advance(absl::Seconds(6));
  Commit({EventOf("A")});
  Sequence(*b);
  Commit({EventOf("B")});

  EXPECT_EQ(ErrorReason(a.RunOnce().status()), "LEASE_LOST");
  EXPECT_THAT(Subjects(0), ElementsAre("A@1"));
  Sequence(*b);
  EXPECT_THAT(Subjects(0), ElementsAre("A@1", "B@2"));
}

// PLT-20, QUA-6: a sequencer that dies between giving positions and its commit changed nothing.
TEST_F(SequencerTest, SequencerKilledInTheMiddle) {
  Commit({EventOf("A"), EventOf("B")});
  const auto a = MakeSequencer("a");
  ASSERT_TRUE(a->RunOnce().ok());
  Commit({EventOf("C")});
  {
    const db::Pool::Lease connection = Connect();
    ASSERT_TRUE(connection->Begin().ok());
    constexpr db::Query kAdvance{"advance", "UPDATE lease SET value = 4 WHERE value = 3"};
    constexpr db::Query kPosition{"position",
                                  "UPDATE outbox SET position = 3 WHERE position IS NULL"};
    ASSERT_EQ(*connection->Execute(kAdvance, {}), 1);
    ASSERT_EQ(*connection->Execute(kPosition, {}), 1);
  }  // the connection is thrown away inside its transaction
  clock_.Advance(absl::Seconds(6));
  Sequence(*MakeSequencer("b"));
  EXPECT_THAT(Subjects(0), ElementsAre("A@1", "B@2", "C@3"));
}

// PLT-20, QUA-6: rows of which another process has taken one are left alone as a whole.
TEST_F(SequencerTest, ConflictRollsEverythingBack) {
  database_.Run(
      "INSERT INTO lease (name, holder, expire_time, value) VALUES ('event-sequencer', "
      "'a', 9000000000000000, 5)");
  Commit({EventOf("A")});
  Commit({EventOf("B")});
  database_.Run(
      "CREATE TRIGGER taken BEFORE UPDATE ON outbox FOR EACH ROW "
      "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stop'");
  const auto a = MakeSequencer("a");
  EXPECT_FALSE(a->RunOnce().ok());
  EXPECT_EQ(database_.Int("SELECT value FROM lease"), 5);
  database_.Run("DROP TRIGGER taken");
  Sequence(*a);
  EXPECT_THAT(Subjects(4), ElementsAre("A@5", "B@6"));
}

}  // namespace
}  // namespace crm::event
