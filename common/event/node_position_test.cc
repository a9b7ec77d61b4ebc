// Reads that belong to a position wait for a database node that is behind it.
#include "common/event/node_position.h"

#include <thread>

#include "common/error/error.h"
#include "common/event/event_test_fixture.h"

namespace crm::event {
namespace {

using NodePositionTest = EventFlowTest;

// PLT-20
TEST_F(NodePositionTest, AWaitEndsWithThePosition) {
  Commit({EventOf("A"), EventOf("B")});
  Sequence(*MakeSequencer("first"));
  const db::Pool::Lease node = Connect();
  EXPECT_EQ(WaitForPosition(*node, 0, absl::ZeroDuration()), absl::OkStatus());
  EXPECT_EQ(WaitForPosition(*node, 2, absl::ZeroDuration()), absl::OkStatus());

  Commit({EventOf("C")});
  absl::Status waited;
  std::thread reader([&] { waited = WaitForPosition(*node, 3, absl::InfiniteDuration()); });
  Sequence(*MakeSequencer("first"));
  reader.join();
  EXPECT_EQ(waited, absl::OkStatus());
}

// PLT-20, PLT-7: what a node does not have is not read from it.
TEST_F(NodePositionTest, ANodeThatStaysBehindIsToldOf) {
  const db::Pool::Lease node = Connect();
  const absl::Status behind = WaitForPosition(*node, 1, absl::ZeroDuration());
  EXPECT_EQ(behind.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(behind), "DATABASE_NODE_BEHIND");
}

}  // namespace
}  // namespace crm::event
