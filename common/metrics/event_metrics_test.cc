#include "common/metrics/event_metrics.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/db/group_committer.h"
#include "common/event/event_service.h"
#include "common/event/outbox.h"
#include "common/source_tree/source_tree.h"
#include "common/testdb/test_database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"

namespace crm::metrics {
namespace {

using crm::event::v1::Event;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string PlatformSql() {
  std::ifstream file(crm::testing::SourceFile("common/migrations/0001_platform.sql"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A source that has more than it sends.
class FakeSource : public event::EventSource {
 public:
  absl::Status Stream(const StreamEventsRequest&, const OnMessage& on_message,
                      const std::stop_token&) override {
    StreamEventsResponse message;
    message.add_events()->set_position(4);
    message.set_position(4);
    message.set_newest_position(10);
    return on_message(message);
  }
};

class EventMetricsTest : public ::testing::Test {
 protected:
  std::string Scrape() const { return prometheus::TextSerializer().Serialize(events_.Collect()); }

  void Commit(const std::vector<std::string>& events) {
    const db::Pool::Lease connection = *database_.pool().Acquire(database_.Deadline());
    db::WriteSet writes;
    for (const std::string& event : events) writes.AddEvent(event);
    ASSERT_TRUE(db::CommitOn(*connection, {&writes}, event::MakeOutboxHook(ids_, clock_)).ok());
  }
  std::string NewEvent() {
    return event::MakeEvent({.type = "customer.updated", .subject = "CRM1", .time = clock_.Now()});
  }

  const std::string platform_ = PlatformSql();
  testing::TestDatabase database_{std::vector<db::Migration>{{"0001_platform.sql", platform_}}};
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  IdGenerator ids_{clock_, 1};
  event::Sequencer sequencer_{{.holder = "a", .max_rows = 1}, database_.pool(), clock_};
  EventCollector events_{sequencer_};
};

// PLT-20, PLT-26: what waits for its position, and what has got one.
TEST_F(EventMetricsTest, ShowsTheSequencer) {
  EXPECT_THAT(Scrape(),
              AllOf(HasSubstr("crm_event_sequencer_holding 0"),
                    HasSubstr("crm_event_unsequenced 0"), Not(HasSubstr("crm_event_reader_lag"))));
  Commit({NewEvent(), NewEvent()});
  Commit({NewEvent()});
  ASSERT_TRUE(sequencer_.RunOnce().ok());
  EXPECT_THAT(
      Scrape(),
      AllOf(HasSubstr("crm_event_sequencer_holding 1"), HasSubstr("crm_event_unsequenced 1"),
            HasSubstr("crm_event_newest_position 2"), HasSubstr("crm_events_sequenced_total 2")));
  ASSERT_TRUE(sequencer_.RunOnce().ok());
  ASSERT_TRUE(sequencer_.Release().ok());
  EXPECT_THAT(Scrape(), AllOf(HasSubstr("crm_event_sequencer_holding 0"),
                              HasSubstr("crm_event_unsequenced 0"),
                              HasSubstr("crm_events_sequenced_total 3")));
}

// PLT-20: lag is a metric, of the replica that reads.
TEST_F(EventMetricsTest, ShowsTheLagOfReaders) {
  FakeSource source;
  event::EventReader reader({.source = "customer", .holder = "a"}, database_.pool(), clock_, source,
                            nullptr,
                            [](absl::Span<const Event* const>, db::Connection&, db::WriteSet&) {
                              return absl::OkStatus();
                            });
  events_.AddReader("customer", reader);
  EXPECT_THAT(Scrape(), AllOf(HasSubstr(R"(crm_event_reader_reading{source="customer"} 0)"),
                              HasSubstr(R"(crm_event_reader_lag{source="customer"} 0)")));
  ASSERT_TRUE(reader.RunOnce({}).ok());
  EXPECT_THAT(Scrape(), AllOf(HasSubstr(R"(crm_event_reader_reading{source="customer"} 1)"),
                              HasSubstr(R"(crm_event_reader_position{source="customer"} 4)"),
                              HasSubstr(R"(crm_event_reader_lag{source="customer"} 6)"),
                              HasSubstr(R"(crm_events_applied_total{source="customer"} 1)")));
  ASSERT_TRUE(reader.Release().ok());
  EXPECT_THAT(Scrape(), HasSubstr(R"(crm_event_reader_lag{source="customer"} 0)"));
}

}  // namespace
}  // namespace crm::metrics
