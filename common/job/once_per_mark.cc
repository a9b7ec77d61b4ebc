#include "common/job/once_per_mark.h"

#include <memory>
#include <optional>
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
  const int64_t nothing = options.lease.first_value;
  auto lease = std::make_shared<Lease>(std::move(options.lease), clock);
  // The mark that this replica has been working for without a break.
  auto working_for = std::make_shared<std::optional<int64_t>>();
  return [&pool, &clock, lease, working_for, nothing, pause = options.pause,
          forgets_first = options.forgets_first, rises = options.rises, wanted = std::move(wanted),
          work = std::move(work)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    if (!lease->held()) working_for->reset();
    CRM_ASSIGN_OR_RETURN(const bool held, Hold(pool, *lease));
    if (!held) return clock.Now() + lease->options().term;
    Marks marks{.done = lease->value(), .wanted = wanted()};
    const bool is_overtaken = rises && marks.done > marks.wanted;
    if (marks.done == marks.wanted || is_overtaken) return absl::InfiniteFuture();
    if (forgets_first && marks.done != nothing) {
      CRM_RETURN_IF_ERROR(MarkDone(pool, *lease, nothing));
    }
    marks.begins = *working_for != marks.wanted;
    *working_for = marks.wanted;
    CRM_ASSIGN_OR_RETURN(const Progress progress, work(marks, stop));
    if (progress == Progress::kMore) return clock.Now() + pause;
    working_for->reset();
    CRM_RETURN_IF_ERROR(MarkDone(pool, *lease, marks.wanted));
    return clock.Now();  // the mark may have changed meanwhile
  };
}

}  // namespace crm::job
