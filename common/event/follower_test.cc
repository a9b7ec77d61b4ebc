// What it costs to look whether there is anything new.
#include "common/event/follower.h"

#include "common/event/event_test_fixture.h"

namespace crm::event {
namespace {

using ::testing::ElementsAre;

class StatementNames : public db::StatementObserver {
 public:
  void OnStatement(std::string_view query_name, absl::Duration, bool) override {
    names_.emplace_back(query_name);
  }
  void OnAcquire(absl::Duration, bool) override {}
  void OnRetry(std::string_view) override {}

  std::vector<std::string> Take() { return std::exchange(names_, {}); }

 private:
  std::vector<std::string> names_;
};

class Positions : public EventConsumer {
 public:
  absl::Status OnEvent(Event&& event, int64_t) override {
    events.push_back(event.position());
    return absl::OkStatus();
  }
  void OnPosition(const FollowerPosition& at) override { position = at.position; }
  bool Ended() const override { return false; }

  std::vector<int64_t> events;
  int64_t position = -1;
};

class FollowerTest : public EventFlowTest {
 protected:
  FollowerTest() : pool_(database_.pool_options(), &statements_) {
    Commit({EventOf("A"), EventOf("B")});
    Sequence(*MakeSequencer("first"));
    // The session of the connection costs some statements, once.
    Poll(2);
    statements_.Take();
  }

  Positions Poll(int64_t after) {
    const FollowerOptions options = Options();
    Positions positions;
    const FollowFrom from{.after_position = after, .stop_at_end = true};
    EXPECT_EQ(Follower(options, from, positions).Run(pool_, signal_), absl::OkStatus());
    return positions;
  }

  StatementNames statements_;
  db::Pool pool_;
};

// PLT-20: a poll that finds nothing new is one look-up by key, however many there are of them.
TEST_F(FollowerTest, AnIdlePollIsOneLookUp) {
  const Positions idle = Poll(2);
  EXPECT_EQ(idle.position, 2);
  EXPECT_THAT(statements_.Take(), ElementsAre("next_event_position"));

  const Positions behind = Poll(1);
  EXPECT_THAT(behind.events, ElementsAre(2));
  EXPECT_EQ(behind.position, 2);
}

// PLT-20: the same before the first event, and where what there was has been purged.
TEST_F(FollowerTest, AnEmptyLogIsAtItsEnd) {
  database_.Run("DELETE FROM outbox");
  EXPECT_EQ(Poll(0).position, 2);
  database_.Run("DELETE FROM lease");
  statements_.Take();
  EXPECT_EQ(Poll(0).position, 0);
  EXPECT_THAT(statements_.Take(), ElementsAre("next_event_position"));
}

// PLT-20: a reader looks up its cursor when others may have moved it, not at each poll.
TEST_F(FollowerTest, AnIdleReaderKnowsItsCursor) {
  const EventService service(Options(), pool_, signal_);
  LocalSource source(service);
  EventReader reader({.source = "customer", .holder = "a", .stop_at_end = true}, pool_, clock_,
                     source, nullptr,
                     [](absl::Span<const Event* const>, db::Connection&, db::WriteSet&) {
                       return absl::OkStatus();
                     });
  ASSERT_EQ(reader.RunOnce({}), absl::OkStatus());
  EXPECT_EQ(Cursor(), 2);
  statements_.Take();
  ASSERT_EQ(reader.RunOnce({}), absl::OkStatus());
  EXPECT_THAT(statements_.Take(), ElementsAre("next_event_position"));

  // Another one reads meanwhile.
  clock_.Advance(absl::Minutes(1));
  Commit({EventOf("C")});
  Sequence(*MakeSequencer("second"));
  ASSERT_EQ(MakeReader("b", source)->RunOnce({}), absl::OkStatus());
  EXPECT_EQ(Cursor(), 3);
  clock_.Advance(absl::Minutes(1));
  ASSERT_EQ(reader.RunOnce({}), absl::OkStatus());
  EXPECT_EQ(reader.stats().position, 3);
  EXPECT_EQ(reader.stats().events, 2);
}

}  // namespace
}  // namespace crm::event
