// A handler's stream is made of the service's own events.
#include "common/event/own_events.h"

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/event_test_fixture.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::event {
namespace {

using crm::customer::v1::Customer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A client that takes messages until it is told to go.
class Client {
 public:
  using OnMessage = std::function<bool(const StreamEventsResponse&)>;
  explicit Client(OnMessage on_message) : on_message_(std::move(on_message)) {}

  bool Write(const StreamEventsResponse& message) {
    open_ = on_message_(message);
    return open_;
  }
  bool Cancelled() const { return !open_; }

 private:
  OnMessage on_message_;
  bool open_ = true;
};

class OwnEventsTest : public EventFlowTest {
 protected:
  OwnEvents Make(FollowerOptions options = Options()) {
    return OwnEvents(std::move(options), database_.pool(), signal_);
  }

  // "subject@position" of what a client gets that leaves after `count` messages of events.
  absl::StatusOr<std::vector<std::string>> Take(const FollowFrom& from, size_t count) {
    std::vector<std::string> taken;
    Client client([&](const StreamEventsResponse& message) {
      for (const Event& event : message.events()) {
        taken.push_back(absl::StrCat(event.subject(), "@", message.position()));
      }
      return taken.size() < count;
    });
    CRM_RETURN_IF_ERROR(Make().Stream<StreamEventsResponse>(from, client, Copy));
    return taken;
  }

  static absl::StatusOr<bool> Copy(const Event& event, StreamEventsResponse& message) {
    *message.add_events() = event;
    return true;
  }
};

// PLT-9: those who watch leave places to others, and are told.
TEST_F(OwnEventsTest, WatchersAreBounded) {
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*MakeSequencer("a"));
  OwnEvents events(Options(), database_.pool(), signal_, 1);
  absl::Status second;
  Client client([&](const StreamEventsResponse&) {
    Client other([](const StreamEventsResponse&) { return false; });
    second = events.Stream<StreamEventsResponse>({}, other, Copy);
    return false;
  });
  EXPECT_TRUE(events.Stream<StreamEventsResponse>({}, client, Copy).ok());
  EXPECT_EQ(ErrorReason(second), "WATCHERS_TOO_MANY");

  Client third([](const StreamEventsResponse&) { return false; });
  EXPECT_TRUE(events.Stream<StreamEventsResponse>({}, third, Copy).ok());
}

// PLT-20: a message an event, each with the position to resume from.
TEST_F(OwnEventsTest, MessagesCarryThePositionToResumeFrom) {
  Commit({EventOf("A"), EventOf("B", 1, "contact.created"), EventOf("C")});
  Commit({EventOf("D")});
  Sequence(*MakeSequencer("a"));
  const FollowFrom all{.types = {"customer.*"}, .stop_at_end = true};
  EXPECT_THAT(*Take(all, 9), ElementsAre("A@1", "C@3", "D@4"));
  EXPECT_THAT(*Take(all, 1), ElementsAre("A@1"));
  EXPECT_THAT(*Take({.after_position = 1, .types = {"customer.*"}, .stop_at_end = true}, 9),
              ElementsAre("C@3", "D@4"));
  EXPECT_THAT(*Take({.after_position = 4, .stop_at_end = true}, 9), IsEmpty());
}

// PLT-20: what is not wanted makes no message, but the position of the next heartbeat.
TEST_F(OwnEventsTest, HeartbeatsTellThePosition) {
  const auto sequencer = MakeSequencer("a");
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*sequencer);
  std::vector<std::string> seen;
  Client client([&](const StreamEventsResponse& message) {
    seen.push_back(absl::StrCat(message.events_size(), "@", message.position()));
    Commit({EventOf("C")});
    Sequence(*sequencer);
    return message.events_size() == 0;
  });
  ASSERT_TRUE(Make()
                  .Stream<StreamEventsResponse>({}, client,
                                                [](const Event& event, StreamEventsResponse& out) {
                                                  return event.subject() == "C" ? Copy(event, out)
                                                                                : false;
                                                })
                  .ok());
  EXPECT_THAT(seen, ElementsAre("0@2", "1@3"));
}

// PLT-20: a busy log of which nothing is wanted does not silence the heartbeats.
TEST_F(OwnEventsTest, HeartbeatsComeWhileNothingIsWanted) {
  const auto sequencer = MakeSequencer("a");
  Commit({EventOf("A")});
  Sequence(*sequencer);
  int64_t position = 0;
  // The first may come before there is more than the first event.
  Client client([&](const StreamEventsResponse& message) {
    position = message.position();
    return position <= 1;
  });
  const auto none = [&](const Event&, StreamEventsResponse&) {
    Commit({EventOf("again")});
    Sequence(*sequencer);
    return false;
  };
  ASSERT_TRUE(Make().Stream<StreamEventsResponse>({}, client, none).ok());
  EXPECT_GT(position, 1);
}

// PLT-20, QUA-6: while the client is slow, nothing of the database is held, and other changes go
// on; once the purge overtakes it, it learns that it has missed some.
TEST_F(OwnEventsTest, SlowClientHoldsNothing) {
  const auto sequencer = MakeSequencer("a");
  for (int i = 0; i < 40; ++i) Commit({EventOf(absl::StrCat("S", i))});
  Sequence(*sequencer);
  int received = 0;
  Client slow([&](const StreamEventsResponse&) {
    EXPECT_EQ(database_.pool().in_use(), 0);
    if (++received == 1) {
      Commit({EventOf("meanwhile")});
      Sequence(*sequencer);
      database_.Run("DELETE FROM outbox WHERE position < 36");
    }
    return true;
  });
  const absl::Status status = Make().Stream<StreamEventsResponse>({}, slow, Copy);
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ErrorReason(status), "EVENTS_EXPIRED");
  EXPECT_EQ(received, 32);
}

// PLT-20: a position from before the purge, and one from the future.
TEST_F(OwnEventsTest, PositionsThatAreNotThereAreRefused) {
  Commit({EventOf("A"), EventOf("B")});
  Commit({EventOf("C")});
  Sequence(*MakeSequencer("a"));
  database_.Run("DELETE FROM outbox WHERE position = 1");
  EXPECT_EQ(ErrorReason(Take({.after_position = 1}, 1).status()), "EVENTS_EXPIRED");
  EXPECT_THAT(*Take({.after_position = 2}, 1), ElementsAre("C@3"));
  EXPECT_EQ(ErrorReason(Take({.after_position = 100}, 1).status()), "POSITION_AHEAD");
}

// PLT-20: an error of the handler's function ends the stream; so does a client that is gone.
TEST_F(OwnEventsTest, EndsWithTheHandlersError) {
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*MakeSequencer("a"));
  int made = 0;
  Client client([](const StreamEventsResponse&) { return false; });
  const auto failing = [&](const Event&, StreamEventsResponse&) -> absl::StatusOr<bool> {
    ++made;
    return absl::InternalError("no");
  };
  EXPECT_EQ(Make().Stream<StreamEventsResponse>({}, client, failing).message(), "no");
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(Make().Stream<StreamEventsResponse>({}, client, Copy).ok());
}

// PLT-20: the resource of an event, and an event that holds another one.
TEST_F(OwnEventsTest, PayloadIsTheResource) {
  Customer customer;
  customer.set_number("CRM2026000001");
  Event event;
  event.mutable_payload()->PackFrom(customer);
  event.set_position(7);
  EXPECT_EQ(PayloadOf<Customer>(event)->number(), "CRM2026000001");
  EXPECT_EQ(ErrorReason(PayloadOf<Event>(event).status()), "EVENT_DAMAGED");
}

}  // namespace
}  // namespace crm::event
