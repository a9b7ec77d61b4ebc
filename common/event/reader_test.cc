// A reader applies the events of another service once.
#include "common/error/error.h"
#include "common/event/event_test_fixture.h"

namespace crm::event {
namespace {

class EventReaderTest : public EventFlowTest {};

// PLT-20: a batch and its cursor are one transaction; the next run goes on behind it.
TEST_F(EventReaderTest, ReaderAppliesAndResumes) {
  const auto sequencer = MakeSequencer("a");
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*sequencer);
  const EventService service = MakeService();
  LocalSource source(service);
  const auto reader = MakeReader("r1", source);
  ASSERT_TRUE(reader->RunOnce({}).ok());
  EXPECT_EQ(Copied(), 2);
  EXPECT_EQ(Cursor(), 2);

  Commit({EventOf("C")});
  Sequence(*sequencer);
  ASSERT_TRUE(reader->Release().ok());
  const auto restarted = MakeReader("r2", source);
  ASSERT_TRUE(restarted->RunOnce({}).ok());
  EXPECT_EQ(Copied(), 3);
  EXPECT_EQ(restarted->stats().events, 1);
  EXPECT_EQ(restarted->stats().position, 3);
  EXPECT_EQ(restarted->stats().lag(), 0);
}

// Repeats each message, and everything from the start.
class RepeatingSource : public LocalSource {
 public:
  using LocalSource::LocalSource;
  absl::Status Stream(const StreamEventsRequest& request, const OnMessage& on_message,
                      const std::stop_token& stop) override {
    StreamEventsRequest from_start = request;
    from_start.set_after_position(0);
    return LocalSource::Stream(
        from_start,
        [&](const StreamEventsResponse& message) {
          const absl::Status first = on_message(message);
          return first.ok() ? on_message(message) : first;
        },
        stop);
  }
};

// PLT-20, QUA-6: duplicates change nothing.
TEST_F(EventReaderTest, ReaderIgnoresDuplicates) {
  const auto sequencer = MakeSequencer("a");
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*sequencer);
  const EventService service = MakeService();
  RepeatingSource source(service);
  const auto reader = MakeReader("r", source);
  ASSERT_TRUE(reader->RunOnce({}).ok());
  Commit({EventOf("C")});
  Sequence(*sequencer);
  const absl::Status again = reader->RunOnce({});
  ASSERT_TRUE(again.ok()) << again;
  EXPECT_EQ(Copied(), 3);
  EXPECT_EQ(reader->stats().events, 3);
}

// PLT-20, QUA-6: a second reader that applied the same events first wins; nothing is doubled.
TEST_F(EventReaderTest, CursorMovedByAnotherReplicaIsRespected) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  const EventService service = MakeService();
  LocalSource source(service);
  const auto rival = MakeReader("rival", source);
  bool first = true;
  EventReader slow(
      {.source = "customer", .holder = "slow", .stop_at_end = true}, database_.pool(), clock_,
      source, nullptr, [&](absl::Span<const Event* const>, db::Connection&, db::WriteSet& out) {
        if (std::exchange(first, false)) {
          clock_.Advance(absl::Minutes(1));  // its lease runs out meanwhile
          EXPECT_TRUE(rival->RunOnce({}).ok());
        }
        static const auto* const spec = new db::InsertSpec{"copy", {"subject", "position"}, ""};
        out.Insert(*spec, {"from slow", 1000});
        return absl::OkStatus();
      });
  EXPECT_TRUE(slow.RunOnce({}).ok());
  EXPECT_EQ(Copied(), 1);
  EXPECT_EQ(database_.String("SELECT subject FROM copy"), "A");
  EXPECT_EQ(Cursor(), 1);
}

// PLT-20: what is not the reader's alone to write can be there first.
TEST_F(EventReaderTest, ARowThatSomebodyElseMakesMeanwhileIsRead) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  const EventService service = MakeService();
  LocalSource source(service);
  EventReader reader(
      {.source = "customer", .holder = "r", .stop_at_end = true}, database_.pool(), clock_, source,
      nullptr, [&](absl::Span<const Event* const>, db::Connection&, db::WriteSet& out) {
        if (Copied() > 0) return absl::OkStatus();
        database_.Run("INSERT INTO copy (subject, position) VALUES ('from another', 1)");
        static const auto* const spec = new db::InsertSpec{"copy", {"subject", "position"}, ""};
        out.Insert(*spec, {"A", 1});
        return absl::OkStatus();
      });
  EXPECT_EQ(reader.RunOnce({}), absl::OkStatus());
  EXPECT_EQ(Copied(), 1);
  EXPECT_EQ(Cursor(), 1);
}

// PLT-20: an error of the applier leaves cursor and rows; the next run tries again.
TEST_F(EventReaderTest, FailedApplicationIsRetried) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  const EventService service = MakeService();
  LocalSource source(service);
  database_.Run("RENAME TABLE copy TO elsewhere");
  const auto reader = MakeReader("r", source);
  EXPECT_FALSE(reader->Job()({}).ok());
  EXPECT_EQ(Cursor(), 0);
  database_.Run("RENAME TABLE elsewhere TO copy");
  EXPECT_TRUE(reader->Job()({}).ok());
  EXPECT_EQ(Copied(), 1);
  EXPECT_EQ(Cursor(), 1);
}

// PLT-20: fallen too far behind: rebuild, then go on.
TEST_F(EventReaderTest, ReaderRebuildsWhenEventsHaveExpired) {
  const auto sequencer = MakeSequencer("a");
  Commit({EventOf("A")});
  Sequence(*sequencer);
  const EventService service = MakeService();
  LocalSource source(service);
  ASSERT_TRUE(MakeReader("r", source)->RunOnce({}).ok());
  Commit({EventOf("B")});
  Commit({EventOf("C")});
  Sequence(*sequencer);
  database_.Run("DELETE FROM outbox WHERE position < 3");

  EXPECT_EQ(ErrorReason(MakeReader("r", source)->RunOnce({})), "EVENTS_EXPIRED");
  int rebuilds = 0;
  const auto reader = MakeReader({.source = "customer",
                                  .holder = "r",
                                  .rebuild = [&](const GoOn&) -> absl::StatusOr<int64_t> {
                                    ++rebuilds;
                                    return 2;
                                  },
                                  .stop_at_end = true},
                                 source);
  ASSERT_TRUE(reader->RunOnce({}).ok());
  EXPECT_EQ(Cursor(), 2);
  ASSERT_TRUE(reader->RunOnce({}).ok());
  EXPECT_EQ(rebuilds, 1);
  EXPECT_EQ(Cursor(), 3);
}

}  // namespace
}  // namespace crm::event
