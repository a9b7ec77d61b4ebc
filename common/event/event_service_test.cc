// Events are streamed from a position.
#include "common/error/error.h"
#include "common/event/event_test_fixture.h"
#include "common/event/retention.h"

namespace crm::event {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventServiceTest : public EventFlowTest {};

// PLT-20: positions, ids and the newest position of a message; ids stay the same.
TEST_F(EventServiceTest, StreamedEventsCarryPositionAndStableId) {
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*MakeSequencer("a"));
  const auto first = Messages(MakeService(), 0);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ((*first)[0].position(), 2);
  EXPECT_EQ((*first)[0].newest_position(), 2);
  const auto second = Messages(MakeService(), 1);
  ASSERT_EQ((*second)[0].events_size(), 1);
  EXPECT_EQ((*second)[0].events(0).event_id(), (*first)[0].events(1).event_id());
  EXPECT_NE((*first)[0].events(0).event_id(), (*first)[0].events(1).event_id());
  EXPECT_EQ((*first)[0].events(0).event_id().substr(0, 9), "customer-");
}

// PLT-20: starts in the middle of a row, after its end, and at the end.
TEST_F(EventServiceTest, StartsAnywhere) {
  Commit({EventOf("A"), EventOf("B"), EventOf("C")});
  Commit({EventOf("D"), EventOf("E")});
  Sequence(*MakeSequencer("a"));
  EXPECT_THAT(Subjects(1), ElementsAre("B@2", "C@3", "D@4", "E@5"));
  EXPECT_THAT(Subjects(3), ElementsAre("D@4", "E@5"));
  EXPECT_THAT(Subjects(4), ElementsAre("E@5"));
  EXPECT_THAT(Subjects(5), IsEmpty());
}

// PLT-20: what is filtered out still moves the position.
TEST_F(EventServiceTest, FilterMovesThePosition) {
  Commit({EventOf("A", 1, "customer.created"), EventOf("B", 1, "contact.created"),
          EventOf("C", 1, "contact.deleted")});
  Sequence(*MakeSequencer("a"));
  EXPECT_THAT(Subjects(0, {"customer.*"}), ElementsAre("A@1"));
  EXPECT_THAT(Subjects(0, {"contact.deleted", "customer.created"}), ElementsAre("A@1", "C@3"));
  const auto messages = Messages(MakeService(), 0, {"ticket.*"});
  ASSERT_EQ(messages->size(), 1u);
  EXPECT_EQ((*messages)[0].events_size(), 0);
  EXPECT_EQ((*messages)[0].position(), 3);
}

// PLT-9, PLT-20: messages are bounded in events and bytes.
TEST_F(EventServiceTest, MessagesAreBounded) {
  std::vector<std::string> small(256, EventOf("S"));
  Commit(small);
  Commit(small);
  Commit(small);
  Commit({EventOf(std::string(700 << 10, 'x')), EventOf(std::string(700 << 10, 'y'))});
  Sequence(*MakeSequencer("a"));
  const auto messages = Messages(MakeService(), 0);
  ASSERT_TRUE(messages.ok()) << messages.status();
  std::vector<int> sizes;
  int64_t last = 0;
  for (const StreamEventsResponse& message : *messages) {
    sizes.push_back(message.events_size());
    EXPECT_EQ(message.position(), last + message.events_size());
    last = message.position();
  }
  EXPECT_THAT(sizes, ElementsAre(500, 269, 1));
}

// PLT-20: a position whose successors are gone is told so, also when nothing at all is kept.
TEST_F(EventServiceTest, ExpiredPositionsAreRefused) {
  Commit({EventOf("A"), EventOf("B")});
  Commit({EventOf("C")});
  Sequence(*MakeSequencer("a"));
  database_.Run("DELETE FROM outbox WHERE position = 1");
  EXPECT_EQ(ErrorReason(Messages(MakeService(), 1).status()), "EVENTS_EXPIRED");
  EXPECT_EQ(Messages(MakeService(), 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(Subjects(2), ElementsAre("C@3"));
  EXPECT_THAT(Subjects(0), ElementsAre("C@3"));
  database_.Run("DELETE FROM outbox");
  EXPECT_EQ(ErrorReason(Messages(MakeService(), 2).status()), "EVENTS_EXPIRED");
  EXPECT_THAT(Subjects(3), IsEmpty());
  EXPECT_THAT(Subjects(0), IsEmpty());
}

// PLT-20, QUA-6: a consumer slower than the purge learns that it has missed events.
TEST_F(EventServiceTest, PurgeOvertakesASlowConsumer) {
  for (int i = 0; i < 40; ++i) Commit({EventOf(absl::StrCat("S", i))});
  Sequence(*MakeSequencer("a"));
  StreamEventsRequest request;
  request.set_stop_at_end(true);
  int received = 0;
  const absl::Status status =
      MakeService().Run(request, {[&](const StreamEventsResponse& message) {
                                    received += message.events_size();
                                    database_.Run("DELETE FROM outbox WHERE position < 36");
                                    return true;
                                  },
                                  [] { return false; }});
  EXPECT_EQ(ErrorReason(status), "EVENTS_EXPIRED");
  EXPECT_EQ(received, 32);
}

// PLT-20: a cursor from before a restore of the database does not wait for ever.
TEST_F(EventServiceTest, PositionFromTheFutureIsRefused) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  StreamEventsRequest request;
  request.set_after_position(100);
  const absl::Status status = MakeService().Run(
      request, {[](const StreamEventsResponse&) { return true; }, [] { return false; }});
  EXPECT_EQ(ErrorReason(status), "POSITION_AHEAD");
}

// PLT-20: new events come by themselves; an idle stream shows that it lives; cancel ends it.
TEST_F(EventServiceTest, FollowsUntilCancelled) {
  const auto sequencer = MakeSequencer("a");
  Commit({EventOf("A")});
  Sequence(*sequencer);
  std::vector<std::string> seen;
  bool cancelled = false;
  const auto on_message = [&](const StreamEventsResponse& message) {
    for (const Event& event : message.events()) seen.push_back(event.subject());
    if (message.events_size() > 0) {
      cancelled = seen.size() > 1;
      return true;
    }
    seen.push_back("heartbeat");
    Commit({EventOf("B")});
    Sequence(*sequencer);
    return true;
  };
  const absl::Status status =
      MakeService().Run(StreamEventsRequest(), {on_message, [&] { return cancelled; }});
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(seen, ElementsAre("A", "heartbeat", "B"));
}

// PLT-20: nothing is borrowed from the pool while the consumer is slow.
TEST_F(EventServiceTest, SlowConsumerHoldsNoConnection) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  StreamEventsRequest request;
  request.set_stop_at_end(true);
  int in_use = -1;
  ASSERT_TRUE(MakeService()
                  .Run(request, {[&](const StreamEventsResponse&) {
                                   in_use = database_.pool().in_use();
                                   return true;
                                 },
                                 [] { return false; }})
                  .ok());
  EXPECT_EQ(in_use, 0);
}

// PLT-20: a damaged row is an error of its own, not a crash or a silent gap.
TEST_F(EventServiceTest, DamagedRowIsReported) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  database_.Run("UPDATE outbox SET payload = 'nonsense'");
  EXPECT_EQ(ErrorReason(Messages(MakeService(), 0).status()), "EVENT_DAMAGED");
}

}  // namespace
}  // namespace crm::event
