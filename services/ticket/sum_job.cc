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
// Less is left for the next time.
constexpr absl::Duration kLeast = absl::Minutes(5);
// About a second's worth: changes of the same days and agents share their rows.
constexpr int64_t kChangesOfStep = 10'000;
constexpr int64_t kHappeningsOfStep = 5000;  // of each kind

}  // namespace

job::JobOptions SumJob::Options() { return {.name = kName, .interval = kEvery}; }

job::JobBody SumJob::Body() {
  return job::Exclusive(desk_.host.pool(), desk_.host.clock(),
                        {.name = kName, .holder = desk_.host.holder(), .term = kLeaseTerm},
                        job::InSteps([this] { return Step(); }));
}

absl::StatusOr<job::Progress> SumJob::Step() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, desk_.host.pool().Acquire(job::DatabaseDeadline()));
  // One look is all that it costs to have nothing to do.
  CRM_ASSIGN_OR_RETURN(SumState state, ReadSumState(*db));
  if (!HasWork(state)) return job::Progress::kDone;
  CRM_ASSIGN_OR_RETURN(const bool derived, IsDerived(*db));
  if (!derived) return job::Progress::kDone;
  CRM_ASSIGN_OR_RETURN(Snapshot snapshot, Snapshot::Take(*db));
  CRM_ASSIGN_OR_RETURN(state, ReadSumState(*db));
  const auto progress = IsOfZone(state) ? Add(*db, state) : TakeDown(*db, state);
  CRM_RETURN_IF_ERROR(progress.status());
  CRM_RETURN_IF_ERROR(snapshot.Commit());
  return progress;
}

bool SumJob::HasWork(const SumState& state) const {
  return !IsOfZone(state) || state.has_changes || Last() >= state.until + kLeast;
}

bool SumJob::IsOfZone(const SumState& state) const {
  return state.zone == desk_.host.zone().name();
}

absl::Time SumJob::Last() const { return desk_.host.clock().Now() - kSummedAfter; }

absl::StatusOr<job::Progress> SumJob::TakeDown(db::Connection& db, const SumState& state) {
  CRM_ASSIGN_OR_RETURN(const int64_t rows, DeleteSums(db));
  const std::string zone = rows == 0 ? desk_.host.zone().name() : "";
  CRM_RETURN_IF_ERROR(WriteSumState(db, state, absl::UnixEpoch(), zone));
  return job::Progress::kMore;
}

absl::StatusOr<absl::Time> SumJob::EndOfStep(db::Connection& db, const SumState& state) {
  if (Last() < state.until + kLeast) return state.until;
  return EndOfSome(db, state.until, Last(), kHappeningsOfStep);
}

absl::StatusOr<job::Progress> SumJob::Add(db::Connection& db, const SumState& state) {
  CRM_ASSIGN_OR_RETURN(const std::vector<ToldChange> changes,
                       ReadSumChanges(db, {"TRUE", {}}, kChangesOfStep));
  // Beyond what the snapshot has of changes nothing may be added: the tickets say already what the
  // changes tell.
  const bool all = static_cast<int64_t>(changes.size()) < kChangesOfStep;
  absl::Time until = state.until;
  if (all) {
    CRM_ASSIGN_OR_RETURN(until, EndOfStep(db, state));
  }
  if (changes.empty() && until == state.until) return job::Progress::kDone;
  std::map<SumRow, PackedCounts> rows;
  const auto add = [&](const Happening& happening) { Spread(happening, desk_.host.zone(), rows); };
  for (const ToldChange& change : changes) {
    if (change.happening.time < state.until) add(change.happening);
  }
  CRM_RETURN_IF_ERROR(ReadHappenings(db, state.until, until, {"TRUE", {}}, add));
  CRM_RETURN_IF_ERROR(AddToSums(db, std::move(rows)));
  CRM_RETURN_IF_ERROR(DeleteSumChanges(db, changes));
  CRM_RETURN_IF_ERROR(WriteSumState(db, state, until, state.zone));
  return !all || until > state.until ? job::Progress::kMore : job::Progress::kDone;
}

}  // namespace crm::ticket
