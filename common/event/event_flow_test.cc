// The way of an event: outbox → sequencer → stream → reader, against a real database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/db/group_committer.h"
#include "common/error/error.h"
#include "common/event/event_log.h"
#include "common/event/event_service.h"
#include "common/event/outbox.h"
#include "common/event/reader.h"
#include "common/event/retention.h"
#include "common/event/sequencer.h"
#include "common/testdb/test_database.h"

namespace crm::event {
namespace {

using crm::event::v1::Event;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

const std::string& PlatformSql() {
  static const auto* const sql = [] {
    std::ifstream file(CRM_SOURCE_DIR "/common/migrations/0001_platform.sql");
    std::ostringstream text;
    text << file.rdbuf();
    return new std::string(text.str());
  }();
  return *sql;
}

// Serves the events of a database to a reader in the same process.
class LocalSource : public EventSource {
 public:
  explicit LocalSource(const EventService& service) : service_(service) {}

  absl::Status Stream(const StreamEventsRequest& request, const OnMessage& on_message,
                      const std::stop_token& stop) override {
    absl::Status status;
    const absl::Status end = service_.Run(request, {[&](const StreamEventsResponse& message) {
                                                      status = on_message(message);
                                                      return status.ok();
                                                    },
                                                    [&] { return stop.stop_requested(); }});
    return status.ok() ? end : status;
  }

 private:
  const EventService& service_;
};

class EventFlowTest : public ::testing::Test {
 protected:
  EventFlowTest() : database_(std::vector<db::Migration>{{"0001_platform.sql", PlatformSql()}}) {
    database_.Run(
        "CREATE TABLE copy (subject VARCHAR(64) NOT NULL, position BIGINT NOT NULL, "
        "PRIMARY KEY (position))");
  }

  db::Pool::Lease Connect() { return *database_.pool().Acquire(database_.Deadline()); }

  std::unique_ptr<Sequencer> MakeSequencer(const std::string& holder, int max_rows = 1000) {
    return std::make_unique<Sequencer>(SequencerOptions{.holder = holder, .max_rows = max_rows},
                                       database_.pool(), clock_);
  }

  static std::string EventOf(const std::string& subject, int64_t version = 1,
                             std::string_view type = "customer.updated") {
    return MakeEvent({.type = type, .subject = subject, .version = version, .time = kStart});
  }

  // Commits one group; its events make one row of the outbox.
  void Commit(const std::vector<std::string>& events) { Commit(events, ids_); }
  void Commit(const std::vector<std::string>& events, IdGenerator& ids) {
    const db::Pool::Lease connection = Connect();
    const db::WriteSet writes = WritesOf(events);
    ASSERT_TRUE(db::CommitOn(*connection, {&writes}, MakeOutboxHook(ids, clock_)).ok());
  }
  static db::WriteSet WritesOf(const std::vector<std::string>& events) {
    db::WriteSet writes;
    for (const std::string& event : events) writes.AddEvent(event);
    return writes;
  }

  void Sequence(Sequencer& sequencer) {
    const absl::StatusOr<absl::Time> next = sequencer.Job()({});
    ASSERT_TRUE(next.ok()) << next.status();
  }

  EventService MakeService() {
    return EventService({.source = "customer", .poll = absl::Milliseconds(1)}, database_.pool(),
                        signal_);
  }

  // Everything after a position, to the end.
  absl::StatusOr<std::vector<StreamEventsResponse>> Messages(const EventService& service,
                                                             int64_t after,
                                                             std::vector<std::string> types = {}) {
    StreamEventsRequest request;
    request.set_after_position(after);
    request.set_stop_at_end(true);
    for (const std::string& type : types) request.add_types(type);
    std::vector<StreamEventsResponse> messages;
    const absl::Status status = service.Run(request, {[&](const StreamEventsResponse& message) {
                                                        messages.push_back(message);
                                                        return true;
                                                      },
                                                      [] { return false; }});
    if (!status.ok()) return status;
    return messages;
  }
  std::vector<std::string> Subjects(int64_t after, std::vector<std::string> types = {}) {
    const auto messages = Messages(MakeService(), after, std::move(types));
    EXPECT_TRUE(messages.ok()) << messages.status();
    std::vector<std::string> subjects;
    if (!messages.ok()) return subjects;
    for (const StreamEventsResponse& message : *messages) {
      for (const Event& event : message.events()) {
        subjects.push_back(absl::StrCat(event.subject(), "@", event.position()));
      }
    }
    return subjects;
  }

  // Copies subject and position of each event; a second application would fail on the key.
  std::unique_ptr<EventReader> MakeReader(const std::string& holder, EventSource& source) {
    EventReaderOptions options{.source = "customer", .holder = holder, .stop_at_end = true};
    return MakeReader(std::move(options), source);
  }
  std::unique_ptr<EventReader> MakeReader(EventReaderOptions options, EventSource& source) {
    return std::make_unique<EventReader>(
        std::move(options), database_.pool(), clock_, source, nullptr,
        [](absl::Span<const Event* const> events, db::Connection&, db::WriteSet& out) {
          static const auto* const spec = new db::InsertSpec{"copy", {"subject", "position"}, ""};
          for (const Event* event : events) {
            out.Insert(*spec, {event->subject(), event->position()});
          }
          return absl::OkStatus();
        });
  }
  int64_t Cursor() { return database_.Int("SELECT position FROM event_cursor"); }
  int64_t Copied() { return database_.Int("SELECT COUNT(*) FROM copy"); }

  FakeClock clock_{kStart};
  IdGenerator ids_{clock_, 1};
  testing::TestDatabase database_;
  PositionSignal signal_;
};

// PLT-20: committed events get positions from 1, without gaps, in the order of their commits.
TEST_F(EventFlowTest, PositionsFollowTheCommits) {
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
TEST_F(EventFlowTest, LateCommitIsNotSkipped) {
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
TEST_F(EventFlowTest, AbandonedTransactionLeavesNoEvent) {
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
TEST_F(EventFlowTest, SequencesManyRowsInBatches) {
  std::vector<std::string> expected;
  for (int i = 1; i <= 700; ++i) {
    Commit({EventOf(absl::StrCat("S", i))});
    expected.push_back(absl::StrCat("S", i, "@", i));
  }
  Sequence(*MakeSequencer("a", 300));
  EXPECT_EQ(Subjects(0), expected);
}

// PLT-20: two replicas, one clock behind: version 2 still follows version 1.
TEST_F(EventFlowTest, ReplicaWithALateClockKeepsTheOrder) {
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
TEST_F(EventFlowTest, OneSequencerAtATime) {
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
TEST_F(EventFlowTest, ReplicaWithoutTheLeaseWaits) {
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
TEST_F(EventFlowTest, StalledHolderIsFencedOff) {
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
TEST_F(EventFlowTest, SequencerKilledInTheMiddle) {
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
TEST_F(EventFlowTest, ConflictRollsEverythingBack) {
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

// PLT-20: positions, ids and the newest position of a message; ids stay the same.
TEST_F(EventFlowTest, StreamedEventsCarryPositionAndStableId) {
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
TEST_F(EventFlowTest, StartsAnywhere) {
  Commit({EventOf("A"), EventOf("B"), EventOf("C")});
  Commit({EventOf("D"), EventOf("E")});
  Sequence(*MakeSequencer("a"));
  EXPECT_THAT(Subjects(1), ElementsAre("B@2", "C@3", "D@4", "E@5"));
  EXPECT_THAT(Subjects(3), ElementsAre("D@4", "E@5"));
  EXPECT_THAT(Subjects(4), ElementsAre("E@5"));
  EXPECT_THAT(Subjects(5), IsEmpty());
}

// PLT-20: what is filtered out still moves the position.
TEST_F(EventFlowTest, FilterMovesThePosition) {
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
TEST_F(EventFlowTest, MessagesAreBounded) {
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
TEST_F(EventFlowTest, ExpiredPositionsAreRefused) {
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
TEST_F(EventFlowTest, PurgeOvertakesASlowConsumer) {
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
TEST_F(EventFlowTest, PositionFromTheFutureIsRefused) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  StreamEventsRequest request;
  request.set_after_position(100);
  const absl::Status status = MakeService().Run(
      request, {[](const StreamEventsResponse&) { return true; }, [] { return false; }});
  EXPECT_EQ(ErrorReason(status), "POSITION_AHEAD");
}

// PLT-20: new events come by themselves; an idle stream shows that it lives; cancel ends it.
TEST_F(EventFlowTest, FollowsUntilCancelled) {
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
TEST_F(EventFlowTest, SlowConsumerHoldsNoConnection) {
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
TEST_F(EventFlowTest, DamagedRowIsReported) {
  Commit({EventOf("A")});
  Sequence(*MakeSequencer("a"));
  database_.Run("UPDATE outbox SET payload = 'nonsense'");
  EXPECT_EQ(ErrorReason(Messages(MakeService(), 0).status()), "EVENT_DAMAGED");
}

// PLT-20: a batch and its cursor are one transaction; the next run goes on behind it.
TEST_F(EventFlowTest, ReaderAppliesAndResumes) {
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
TEST_F(EventFlowTest, ReaderIgnoresDuplicates) {
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
TEST_F(EventFlowTest, CursorMovedByAnotherReplicaIsRespected) {
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

// PLT-20: an error of the applier leaves cursor and rows; the next run tries again.
TEST_F(EventFlowTest, FailedApplicationIsRetried) {
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
TEST_F(EventFlowTest, ReaderRebuildsWhenEventsHaveExpired) {
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
                                  .rebuild = [&]() -> absl::StatusOr<int64_t> {
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

// PLT-20: retention by age, oldest first, never an event without a position.
TEST_F(EventFlowTest, PurgeKeepsTheYoungAndTheUnsequenced) {
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
TEST_F(EventFlowTest, PurgeLeavesNoGaps) {
  Commit({EventOf("A")});
  Commit({EventOf("B")});
  Commit({EventOf("C")});
  Sequence(*MakeSequencer("a"));
  database_.Run("UPDATE outbox SET create_time = 0 WHERE position IN (1, 3)");
  EXPECT_EQ(*PurgeOutbox(database_.pool(), kStart), 1);
  EXPECT_THAT(Subjects(1), ElementsAre("B@2", "C@3"));
}

// PLT-5: answers are kept 24 h.
TEST_F(EventFlowTest, PurgeIdempotencyByAge) {
  database_.Run(
      absl::StrCat("INSERT INTO idempotency (key_hash, request_hash, create_time, response) VALUES "
                   "(UNHEX(REPEAT('00', 16)), '', ",
                   ToMicros(kStart), ", ''), ", "(UNHEX(REPEAT('ff', 16)), '', ",
                   ToMicros(kStart) - 1, ", ''), ", "(UNHEX(REPEAT('27', 16)), '', 0, '')"));
  EXPECT_EQ(*PurgeIdempotency(database_.pool(), kStart), 2);
  EXPECT_EQ(database_.String("SELECT HEX(key_hash) FROM idempotency"), std::string(32, '0'));
}

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
