// What the tests of the way of an event share (outbox → sequencer → stream → reader), against a
// real database.
#ifndef CRM_COMMON_EVENT_EVENT_TEST_FIXTURE_H_
#define CRM_COMMON_EVENT_EVENT_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/db/group_committer.h"
#include "common/event/event_service.h"
#include "common/event/local_source.h"
#include "common/event/outbox.h"
#include "common/event/reader.h"
#include "common/event/sequencer.h"
#include "common/source_tree/source_tree.h"
#include "common/testdb/test_database.h"

namespace crm::event {
using crm::event::v1::Event;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;
inline constexpr absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

inline const std::string& PlatformSql() {
  static const auto* const sql = [] {
    std::ifstream file(crm::testing::SourceFile("common/migrations/0001_platform.sql"));
    std::ostringstream text;
    text << file.rdbuf();
    return new std::string(text.str());
  }();
  return *sql;
}

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

  static FollowerOptions Options() {
    return {
        .source = "customer", .poll = absl::Milliseconds(1), .heartbeat = absl::Milliseconds(20)};
  }
  EventService MakeService() { return EventService(Options(), database_.pool(), signal_); }

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

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_EVENT_TEST_FIXTURE_H_
