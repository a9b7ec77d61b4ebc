#include "services/customer/rederive_job.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace crm::customer {
namespace {

constexpr int kBatch = 200;
constexpr absl::Duration kPause = absl::Milliseconds(50);
constexpr absl::Duration kTimeout = absl::Seconds(30);
constexpr absl::Duration kTerm = absl::Minutes(2);

}  // namespace

absl::StatusOr<job::Progress> RederiveJob::RunPart(bool from_the_first) {
  if (from_the_first) after_ = 0;
  const absl::Time deadline = absl::Now() + kTimeout;
  CustomerStore::ReadableRows rows;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(deadline));
    CRM_ASSIGN_OR_RETURN(rows, archive_.store.ReadableAfter(*db, after_, kBatch));
  }
  db::WriteSet writes;
  for (const StoredCustomer& customer : rows.customers) {
    archive_.store.table().Rederive(writes, customer.key, customer.message);
  }
  if (!writes.empty()) CRM_RETURN_IF_ERROR(committer_.Commit(std::move(writes), deadline));
  derived_ += static_cast<int64_t>(rows.customers.size());
  after_ = rows.last_id;
  return rows.last_id == 0 ? job::Progress::kDone : job::Progress::kMore;
}

job::JobBody RederiveJob::Body(std::string holder) {
  auto once = job::OncePerMark(
      pool_, archive_.clock,
      {.lease = {.name = "rederive-customers", .holder = std::move(holder), .term = kTerm},
       .pause = kPause,
       .forgets_first = true},
      [this] { return archive_.store.table().form(); },
      [this](const job::Marks& marks, const std::stop_token&) { return RunPart(marks.begins); });
  return [this, once = std::move(once)](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    if (archive_.clock.Now() < start_ + kRollOut) return start_ + kRollOut;
    return once(stop);
  };
}

}  // namespace crm::customer
