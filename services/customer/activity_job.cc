#include "services/customer/activity_job.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "services/customer/activity_contacts.h"

namespace crm::customer {
namespace {

constexpr int kBatch = 200;
constexpr absl::Duration kTimeout = absl::Seconds(30);

// In the order of the key customer_activity, from where the last batch ended.
constexpr db::Query kSuspects{"activity_suspects", R"sql(
  SELECT id, last_contact_time
  FROM customer
  WHERE activity_level = ? AND last_contact_time >= ? AND last_contact_time < ?
    AND (last_contact_time > ? OR id > ?)
  ORDER BY last_contact_time, id
  LIMIT ?)sql"};

// Before and after every contact there can be.
const absl::Time kBeginning = absl::UnixEpoch() - absl::Hours(24 * 366 * 500);
const absl::Time kEnd = absl::UnixEpoch() + absl::Hours(24 * 366 * 8000);

resource::ChangeSource SystemSource(absl::Time now) { return {now, "system", "activity-job"}; }

}  // namespace

absl::StatusOr<int64_t> ActivityJob::Run(absl::Time now, const std::stop_token& stop) const {
  const ActivityRules rules = activity_.rules();
  int64_t changed = 0;
  for (const Suspects& suspects : SuspectsOf(rules, now)) {
    CRM_ASSIGN_OR_RETURN(const int64_t corrected, Correct(rules, suspects, now, stop));
    changed += corrected;
  }
  return changed;
}

absl::Time ActivityJob::NextDue(absl::Time now) const {
  return absl::FromCivil(activity_.archive.DayOf(now) + 1, activity_.archive.zone);
}

job::JobBody ActivityJob::Body() const {
  absl::Time due = absl::InfinitePast();
  ActivityPolicy policy;
  return [this, due, policy](const std::stop_token& stop) mutable -> absl::StatusOr<absl::Time> {
    const absl::Time now = activity_.archive.clock.Now();
    const ActivityPolicy in_force = activity_.rules().policy();
    if (now < due && in_force == policy) return due;
    CRM_RETURN_IF_ERROR(Run(now, stop).status());
    due = NextDue(now);
    policy = in_force;
    return due;
  };
}

// Where one contact is enough, the last one alone tells whose level is wrong; else everybody's
// contacts have to be counted.
std::vector<ActivityJob::Suspects> ActivityJob::SuspectsOf(const ActivityRules& rules,
                                                           absl::Time now) {
  const absl::Time high = rules.WindowOf(v1::LEVEL_HIGH, now);
  const absl::Time medium = rules.WindowOf(v1::LEVEL_MEDIUM, now);
  if (rules.policy().contacts_counted() > 1) {
    return {{v1::LEVEL_HIGH, kBeginning, kEnd},
            {v1::LEVEL_MEDIUM, kBeginning, kEnd},
            {v1::LEVEL_LOW, medium, kEnd}};
  }
  return {{v1::LEVEL_HIGH, kBeginning, high},
          {v1::LEVEL_MEDIUM, kBeginning, medium},
          {v1::LEVEL_MEDIUM, high, kEnd},
          {v1::LEVEL_LOW, medium, kEnd}};
}

absl::StatusOr<std::vector<StoredCustomer>> ActivityJob::Take(db::Connection& db,
                                                              Suspects& suspects) const {
  const absl::Time from = suspects.from;
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kSuspects, {suspects.level, from, suspects.to, from,
                                                            suspects.after_id, kBatch}));
  std::vector<int64_t> ids;
  while (rows.Next()) {
    ids.push_back(rows.Int(0));
    suspects.after_id = rows.Int(0);
    suspects.from = rows.Time(1);
  }
  return activity_.archive.store.GetByIds(db, ids, ActivityArchive::Everything());
}

absl::StatusOr<int64_t> ActivityJob::Correct(const ActivityRules& rules, Suspects suspects,
                                             absl::Time now, const std::stop_token& stop) const {
  const Archive& archive = activity_.archive;
  const auto customer_rules = archive.rules();
  int64_t changed = 0;
  while (!stop.stop_requested()) {
    const absl::Time deadline = absl::Now() + kTimeout;
    std::vector<db::WriteSet> changes;
    {
      CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(deadline));
      CRM_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> customers, Take(*db, suspects));
      if (customers.empty()) break;
      CRM_ASSIGN_OR_RETURN(const std::vector<v1::Level> levels,
                           LevelsOf(*db, rules, customers, now));
      for (size_t i = 0; i < customers.size(); ++i) {
        v1::Customer after = customers[i].message;
        after.set_activity_level(levels[i]);
        db::WriteSet writes;
        archive.changes.Change(writes, customers[i], std::move(after), *customer_rules,
                               SystemSource(now));
        // Empty: it was right, or another replica was faster.
        if (!writes.empty()) changes.push_back(std::move(writes));
      }
    }
    // What others changed meanwhile has a level of now, by the one who changed it.
    CRM_ASSIGN_OR_RETURN(const db::Committed committed,
                         db::CommitEach(committer_, std::move(changes), deadline));
    changed += committed.changed;
  }
  return changed;
}

absl::StatusOr<std::vector<v1::Level>> ActivityJob::LevelsOf(
    db::Connection& db, const ActivityRules& rules, const std::vector<StoredCustomer>& customers,
    absl::Time now) {
  const int counted = rules.policy().contacts_counted();
  NewestContacts contacts;
  if (counted > 1) {
    std::vector<int64_t> ids;
    for (const StoredCustomer& customer : customers) ids.push_back(customer.key.id);
    const absl::Time since = rules.WindowOf(v1::LEVEL_MEDIUM, now);
    CRM_ASSIGN_OR_RETURN(contacts, ReadNewestContacts(db, ids, since, counted));
  }
  std::vector<v1::Level> levels;
  for (const StoredCustomer& customer : customers) {
    std::vector<absl::Time> newest = contacts[customer.key.id];
    if (counted == 1) newest = {TimeOf(customer.message.last_contact_time())};
    levels.push_back(rules.LevelOf(newest, now));
  }
  return levels;
}

}  // namespace crm::customer
