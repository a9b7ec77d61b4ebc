#include "common/event/node_position.h"

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/event_log.h"

namespace crm::event {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);

}  // namespace

absl::Status WaitForPosition(db::Connection& connection, int64_t position,
                             absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  for (;;) {
    CRM_ASSIGN_OR_RETURN(const int64_t reached, NewestPosition(connection));
    if (reached >= position) return absl::OkStatus();
    if (absl::Now() >= deadline) break;
    absl::SleepFor(kPause);
  }
  return Error(absl::StatusCode::kUnavailable, "DATABASE_NODE_BEHIND",
               "the database node has not got the newest changes yet")
      .RetryAfter(absl::Seconds(1));
}

}  // namespace crm::event
