#include "services/ticket/sum_job.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/job/database_wait.h"
#include "common/job/exclusive.h"
#include "services/ticket/derive_job.h"
#include "services/ticket/snapshot.h"
#include "services/ticket/sum_changes.h"

namespace crm::ticket {
namespace {

constexpr char kName[] = "sum-tickets";
constexpr absl::Duration kEvery = absl::Seconds(5);
constexpr absl::Duration kLeaseTerm = absl::Seconds(30);
// Within the term, with a step to spare.
constexpr absl::Duration kLongest = absl::Seconds(15);
// Less is left for the next time.
constexpr absl::Duration kLeast = absl::Minutes(5);
constexpr int64_t kChangesOfStep = 2000;
constexpr int64_t kHappeningsOfStep = 5000;  // of each kind

}  // namespace

job::JobOptions SumJob::Options() { return {.name = kName, .interval = kEvery}; }

job::JobBody SumJob::Body() {
  const auto work = [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    const absl::Time end = absl::Now() + kLongest;
    while (!stop.stop_requested()) {
      CRM_ASSIGN_OR_RETURN(const bool more, Step());
      if (!more) return absl::InfiniteFuture();
      if (absl::Now() > end) break;
    }
    return absl::InfinitePast();
  };
  return job::Exclusive(desk_.host.pool(), desk_.host.clock(),
                        {.name = kName, .holder = desk_.host.holder(), .term = kLeaseTerm}, work);
}

absl::StatusOr<bool> SumJob::Step() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, desk_.host.pool().Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(const bool derived, IsDerived(*db));
  if (!derived) return false;
  CRM_ASSIGN_OR_RETURN(Snapshot snapshot, Snapshot::Take(*db));
  CRM_ASSIGN_OR_RETURN(const SumState state, ReadSumState(*db));
  const bool of_zone = state.zone == desk_.host.zone().name();
  const auto more = of_zone ? Add(*db, state) : TakeDown(*db, state);
  CRM_RETURN_IF_ERROR(more.status());
  CRM_RETURN_IF_ERROR(snapshot.Commit());
  return more;
}

absl::StatusOr<bool> SumJob::TakeDown(db::Connection& db, const SumState& state) {
  CRM_ASSIGN_OR_RETURN(const int64_t rows, DeleteSums(db));
  const std::string zone = rows == 0 ? desk_.host.zone().name() : "";
  CRM_RETURN_IF_ERROR(WriteSumState(db, state, absl::UnixEpoch(), zone));
  return true;
}

absl::StatusOr<absl::Time> SumJob::EndOfStep(db::Connection& db, const SumState& state) {
  const absl::Time last = desk_.host.clock().Now() - kSummedAfter;
  if (last < state.until + kLeast) return state.until;
  return EndOfSome(db, state.until, last, kHappeningsOfStep);
}

absl::StatusOr<bool> SumJob::Add(db::Connection& db, const SumState& state) {
  CRM_ASSIGN_OR_RETURN(const std::vector<ToldChange> changes,
                       ReadSumChanges(db, {"TRUE", {}}, kChangesOfStep));
  // Beyond what the snapshot has of changes nothing may be added: the tickets say already what the
  // changes tell.
  const bool all = static_cast<int64_t>(changes.size()) < kChangesOfStep;
  absl::Time until = state.until;
  if (all) {
    CRM_ASSIGN_OR_RETURN(until, EndOfStep(db, state));
  }
  if (changes.empty() && until == state.until) return false;
  std::map<SumRow, PackedCounts> rows;
  const auto add = [&](const Happening& happening) { Spread(happening, desk_.host.zone(), rows); };
  for (const ToldChange& change : changes) {
    if (change.happening.time < state.until) add(change.happening);
  }
  CRM_RETURN_IF_ERROR(ReadHappenings(db, state.until, until, {"TRUE", {}}, add));
  CRM_RETURN_IF_ERROR(AddToSums(db, std::move(rows)));
  CRM_RETURN_IF_ERROR(DeleteSumChanges(db, changes));
  CRM_RETURN_IF_ERROR(WriteSumState(db, state, until, state.zone));
  return !all || until > state.until;
}

}  // namespace crm::ticket
