#include "common/event/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/event/causal_order.h"
#include "common/event/type_filter.h"
#include "crm/event/v1/event.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::event {
namespace {

using crm::event::v1::Event;
using crm::event::v1::EventBatch;
using ::testing::ElementsAre;

constexpr absl::Time kStart = absl::FromUnixMicros(1'800'000'000'123'456);

std::vector<db::Values> RowsOf(const std::vector<std::string>& events) {
  const FakeClock clock(kStart);
  IdGenerator ids(clock, 7);
  std::vector<const std::string*> pointers;
  for (const std::string& event : events) pointers.push_back(&event);
  db::WriteSet out;
  MakeOutboxHook(ids, clock)(pointers, out);
  std::vector<db::Values> rows;
  for (const db::WriteSet::Insertion& insertion : out.inserts()) rows.push_back(insertion.row);
  return rows;
}

int64_t IntOf(const db::Value& value) { return std::get<int64_t>(value.get()); }
EventBatch BatchOf(const db::Values& row) {
  EventBatch batch;
  EXPECT_TRUE(batch.ParseFromString(std::get<std::string>(row[4].get())));
  return batch;
}

// PLT-20
TEST(MakeEvent, CarriesWhatHappened) {
  google::protobuf::Timestamp payload;
  payload.set_seconds(42);
  Event event;
  ASSERT_TRUE(event.ParseFromString(MakeEvent({.type = "customer.updated",
                                               .subject = "CRM2026000123",
                                               .version = 8,
                                               .time = kStart,
                                               .actor = "王芳",
                                               .payload = &payload,
                                               .changed_fields = {"tier", "stage"}})));
  EXPECT_EQ(event.type(), "customer.updated");
  EXPECT_EQ(event.subject(), "CRM2026000123");
  EXPECT_EQ(event.version(), 8);
  EXPECT_EQ(event.time().seconds(), 1'800'000'000);
  EXPECT_EQ(event.time().nanos(), 123'456'000);
  EXPECT_EQ(event.actor(), "王芳");
  google::protobuf::Timestamp unpacked;
  ASSERT_TRUE(event.payload().UnpackTo(&unpacked));
  EXPECT_EQ(unpacked.seconds(), 42);
  EXPECT_THAT(event.changed_fields(), ElementsAre("tier", "stage"));
  EXPECT_EQ(event.position(), 0);
}

// PLT-20: times before 1970 are imported too.
TEST(MakeEvent, TimeBeforeTheEpoch) {
  Event event;
  ASSERT_TRUE(event.ParseFromString(
      MakeEvent({.type = "a.b", .time = absl::FromUnixMicros(-1'500'000), .actor = ""})));
  EXPECT_EQ(event.time().seconds(), -2);
  EXPECT_EQ(event.time().nanos(), 500'000'000);
}

// PLT-20: one row for a group, without a position.
TEST(OutboxHook, PacksAGroupIntoOneRow) {
  const std::vector<db::Values> rows =
      RowsOf({MakeEvent({.type = "a.1"}), MakeEvent({.type = "a.2"}), MakeEvent({.type = "a.3"})});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(rows[0][1].is_null());
  EXPECT_EQ(IntOf(rows[0][2]), 3);
  EXPECT_EQ(IntOf(rows[0][3]), ToMicros(kStart));
  const EventBatch batch = BatchOf(rows[0]);
  ASSERT_EQ(batch.events_size(), 3);
  EXPECT_EQ(batch.events(0).type(), "a.1");
  EXPECT_EQ(batch.events(2).type(), "a.3");
}

// PLT-20, PLT-9: rows are bounded in events and bytes, keys rise in order.
TEST(OutboxHook, SplitsBigGroups) {
  const std::vector<db::Values> many = RowsOf(std::vector<std::string>(600, MakeEvent({})));
  ASSERT_EQ(many.size(), 3u);
  EXPECT_EQ(IntOf(many[0][2]), 256);
  EXPECT_EQ(IntOf(many[2][2]), 88);
  EXPECT_LT(IntOf(many[0][0]), IntOf(many[1][0]));
  EXPECT_LT(IntOf(many[1][0]), IntOf(many[2][0]));

  const std::string large = MakeEvent({.type = "a", .subject = std::string(400 << 10, 'x')});
  EXPECT_EQ(RowsOf({large, large, MakeEvent({})}).size(), 2u);
  const std::string huge = MakeEvent({.type = "a", .subject = std::string(3 << 20, 'x')});
  const std::vector<db::Values> rows = RowsOf({huge, huge});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(BatchOf(rows[1]).events(0).subject().size(), 3u << 20);
}

TEST(OutboxHook, NoEventsNoRow) { EXPECT_TRUE(RowsOf({}).empty()); }

// PLT-20
TEST(TypeFilter, NamesAndPrefixes) {
  EXPECT_TRUE(TypeFilter(std::vector<std::string>{}).Wants("customer.created"));
  const TypeFilter filter(std::vector<std::string>{"customer.*", "ticket.closed"});
  EXPECT_TRUE(filter.Wants("customer.created"));
  EXPECT_TRUE(filter.Wants("customer."));
  EXPECT_TRUE(filter.Wants("ticket.closed"));
  EXPECT_FALSE(filter.Wants("ticket.closed.late"));
  EXPECT_FALSE(filter.Wants("customers.created"));
  EXPECT_FALSE(filter.Wants("customer"));
  EXPECT_TRUE(TypeFilter(std::vector<std::string>{"*"}).Wants("anything"));
}

// PLT-20: a change comes after the one it follows from, whatever the clocks of two replicas said.
TEST(CausalOrder, VersionsBeatKeys) {
  using Rows = std::vector<std::vector<ResourceChange>>;
  EXPECT_THAT(CausalOrder(Rows{{{"A", 8}}, {{"B", 1}}, {{"A", 7}}}), ElementsAre(1, 2, 0));
  EXPECT_THAT(CausalOrder(Rows{{{"A", 1}}, {{"B", 1}}, {{"A", 2}}}), ElementsAre(0, 1, 2));
  EXPECT_THAT(CausalOrder(Rows{{{"A", 3}}, {{"A", 2}, {"B", 2}}, {{"B", 1}}, {{"C", 1}}}),
              ElementsAre(2, 1, 0, 3));
  EXPECT_THAT(CausalOrder(Rows{{{"A", 1}, {"A", 2}}, {{"A", 2}}}), ElementsAre(0, 1));
  EXPECT_THAT(CausalOrder(Rows{{}, {}}), ElementsAre(0, 1));
  EXPECT_TRUE(CausalOrder(Rows{}).empty());
}

// PLT-20: nonsense loses nothing.
TEST(CausalOrder, CirclesAreBrokenByKey) {
  const std::vector<std::vector<ResourceChange>> rows = {
      {{"A", 1}, {"B", 2}}, {{"A", 2}, {"B", 1}}, {{"C", 1}}};
  EXPECT_THAT(CausalOrder(rows), ElementsAre(2, 0, 1));
}

}  // namespace
}  // namespace crm::event
