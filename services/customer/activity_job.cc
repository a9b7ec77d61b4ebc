#include "services/customer/activity_job.h"

#include <latch>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"

namespace crm::customer {
namespace {

constexpr int kBatch = 200;
constexpr absl::Duration kTimeout = absl::Seconds(30);

constexpr db::Query kQuietCustomers{"activity_quiet_customers", R"sql(
  SELECT id
  FROM customer
  WHERE activity_level = ? AND last_contact_time < ?
  ORDER BY last_contact_time
  LIMIT ?)sql"};

resource::ChangeSource SystemSource(absl::Time now) { return {now, "system", "activity-job"}; }

}  // namespace

absl::StatusOr<int64_t> ActivityJob::Run(absl::Time now, const std::stop_token& stop) const {
  int64_t changed = 0;
  for (const v1::Level level : {v1::LEVEL_HIGH, v1::LEVEL_MEDIUM}) {
    while (!stop.stop_requested()) {
      CRM_ASSIGN_OR_RETURN(const Progress progress, Lower(level, now));
      changed += progress.changed;
      // What others changed meanwhile is theirs until tomorrow, if nothing else is left.
      if (progress.found < kBatch || progress.changed == 0) break;
    }
  }
  return changed;
}

absl::Time ActivityJob::NextDue(absl::Time now) const {
  return absl::FromCivil(activity_.archive.DayOf(now) + 1, activity_.archive.zone);
}

absl::StatusOr<ActivityJob::Progress> ActivityJob::Lower(v1::Level level, absl::Time now) const {
  const Archive& archive = activity_.archive;
  const absl::CivilDay first_day = activity_.rules.FirstDayOf(level, archive.DayOf(now));
  const absl::Time deadline = absl::Now() + kTimeout;
  std::vector<StoredCustomer> quiet;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(deadline));
    CRM_ASSIGN_OR_RETURN(
        db::Rows rows,
        db->Select(kQuietCustomers, {level, absl::FromCivil(first_day, archive.zone), kBatch}));
    std::vector<int64_t> ids;
    while (rows.Next()) ids.push_back(rows.Int(0));
    CRM_ASSIGN_OR_RETURN(quiet, archive.store.GetByIds(*db, ids, ActivityArchive::Everything()));
  }

  // Each customer is a write set of its own, so that a conflict costs only that one.
  const auto rules = archive.rules();
  std::vector<db::WriteSet> changes;
  for (const StoredCustomer& customer : quiet) {
    v1::Customer after = customer.message;
    after.set_activity_level(activity_.rules.LevelOf(TimeOf(after.last_contact_time()), now));
    db::WriteSet writes;
    archive.changes.Change(writes, customer, std::move(after), *rules, SystemSource(now));
    // Empty: another replica was faster.
    if (!writes.empty()) changes.push_back(std::move(writes));
  }
  std::vector<absl::Status> results(changes.size());
  std::latch done(static_cast<std::ptrdiff_t>(changes.size()));
  for (size_t i = 0; i < changes.size(); ++i) {
    committer_.CommitAsync(std::move(changes[i]), deadline,
                           [&results, &done, i](absl::Status status) {
                             results[i] = std::move(status);
                             done.count_down();
                           });
  }
  done.wait();

  Progress progress{.found = static_cast<int64_t>(quiet.size())};
  for (const absl::Status& result : results) {
    if (result.ok()) {
      ++progress.changed;
    } else if (db::ClassOf(result) != db::DbErrorClass::kWriteConflict) {
      return result;
    }
  }
  return progress;
}

}  // namespace crm::customer
