// Reminds of opportunities that nobody cares for, that are late, or that stay too long (SAL-10).
#ifndef CRM_SERVICES_SALES_AUTOMATIC_REMINDERS_H_
#define CRM_SERVICES_SALES_AUTOMATIC_REMINDERS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "services/sales/due_work.h"
#include "services/sales/sales.h"
#include "services/sales/timers.h"

namespace crm::sales {

// Used by one thread.
class AutomaticReminders {
 public:
  // `sales` outlives it.
  explicit AutomaticReminders(Sales& sales) : sales_(sales) {}

  // Of timers of kind kOpportunity.
  absl::Status Check(db::Connection& db, const std::vector<Timer>& timers, absl::Time now,
                     std::vector<DueWork>& work);

 private:
  // Source and microseconds of what was reminded of.
  using Done = std::set<std::pair<int, int64_t>>;

  absl::StatusOr<std::map<int64_t, Done>> ReadDone(db::Connection& db,
                                                   const std::vector<int64_t>& ids) const;
  // By opportunity number: when a reminder of it was completed last.
  absl::StatusOr<std::map<std::string, absl::Time>> ReadCompleted(
      db::Connection& db, const std::map<int64_t, StoredOpportunity>& opportunities) const;
  absl::StatusOr<DueWork> CheckOne(const Timer& timer, const StoredOpportunity& opportunity,
                                   absl::Time last_activity, const Done& done, absl::Time now);
  absl::Status Remind(const StoredOpportunity& opportunity, const Occasion& occasion,
                      absl::Time now, DueWork& work);

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_AUTOMATIC_REMINDERS_H_
