#include "services/customer/completeness_job.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"

namespace crm::customer {
namespace {

constexpr int kBatch = 500;
constexpr absl::Duration kPause = absl::Milliseconds(50);
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kTerm = absl::Minutes(2);

}  // namespace

absl::StatusOr<job::Progress> CompletenessJob::RunPart(int64_t mark, bool from_the_first) {
  const auto rules = archive_.rules();
  if (rules->RequiredMark() != mark) return job::Progress::kMore;  // for the new mark
  if (from_the_first) after_ = 0;

  const absl::Time deadline = absl::Now() + kTimeout;
  CustomerStore::ReadableRows rows;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(deadline));
    CRM_ASSIGN_OR_RETURN(rows, archive_.store.ReadableAfter(*db, after_, kBatch));
  }
  if (rows.last_id == 0) return job::Progress::kDone;
  std::vector<db::WriteSet> changes;
  for (const StoredCustomer& customer : rows.customers) {
    const bool incomplete = !rules->Missing(customer.message).empty();
    if (incomplete == customer.message.incomplete()) continue;
    v1::Customer after = customer.message;
    after.set_incomplete(incomplete);
    archive_.store.table().Update(changes.emplace_back(), customer.key, customer.message, after);
  }
  CRM_ASSIGN_OR_RETURN(const db::Committed committed,
                       db::CommitEach(committer_, std::move(changes), deadline));
  changed_ += committed.changed;
  // Another replica may have changed them by the rules of before: once more.
  if (committed.conflicts == 0) after_ = rows.last_id;
  return job::Progress::kMore;
}

job::JobBody CompletenessJob::Body(std::string holder) {
  return job::OncePerMark(
      pool_, archive_.clock,
      {.lease = {.name = "completeness", .holder = std::move(holder), .term = kTerm},
       .pause = kPause,
       .forgets_first = true},
      [this] { return archive_.rules()->RequiredMark(); },
      [this](const job::Marks& marks, const std::stop_token&) {
        return RunPart(marks.wanted, marks.begins);
      });
}

}  // namespace crm::customer
