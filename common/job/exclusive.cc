#include "common/job/exclusive.h"

#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "common/job/database_wait.h"

namespace crm::job {
namespace {

absl::StatusOr<bool> Hold(db::Pool& pool, Lease& lease) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(DatabaseDeadline()));
  return lease.Hold(*connection);
}

}  // namespace

JobBody Exclusive(db::Pool& pool, const Clock& clock, LeaseOptions options, JobBody body) {
  auto lease = std::make_shared<Lease>(std::move(options), clock);
  return [&pool, &clock, lease,
          body = std::move(body)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    CRM_ASSIGN_OR_RETURN(const bool held, Hold(pool, *lease));
    if (!held) return clock.Now() + lease->options().term;
    return body(stop);
  };
}

}  // namespace crm::job
