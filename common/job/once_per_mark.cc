#include "common/job/once_per_mark.h"

#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "common/job/database_wait.h"

namespace crm::job {
namespace {

absl::StatusOr<bool> Hold(db::Pool& pool, Lease& lease) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(DatabaseDeadline()));
  return lease.Acquire(*connection);
}

absl::Status MarkDone(db::Pool& pool, Lease& lease, int64_t mark) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(DatabaseDeadline()));
  CRM_RETURN_IF_ERROR(lease.Advance(*connection, mark));
  lease.Advanced(mark);
  return absl::OkStatus();
}

}  // namespace

JobBody OncePerMark(db::Pool& pool, const Clock& clock, OncePerMarkOptions options,
                    std::function<int64_t()> wanted, MarkedWork work) {
  auto lease = std::make_shared<Lease>(std::move(options.lease), clock);
  return [&pool, &clock, lease, pause = options.pause, wanted = std::move(wanted),
          work = std::move(work)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    CRM_ASSIGN_OR_RETURN(const bool held, Hold(pool, *lease));
    if (!held) return clock.Now() + lease->options().term;
    const Marks marks{.done = lease->value(), .wanted = wanted()};
    if (marks.done == marks.wanted) return absl::InfiniteFuture();
    CRM_ASSIGN_OR_RETURN(const Progress progress, work(marks, stop));
    if (progress == Progress::kMore) return clock.Now() + pause;
    CRM_RETURN_IF_ERROR(MarkDone(pool, *lease, marks.wanted));
    return clock.Now();  // the mark may have changed meanwhile
  };
}

}  // namespace crm::job
