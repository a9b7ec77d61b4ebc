// What a write changes about times that may be in the sums already (sum_store.h): told beside the
// rows that it changes, so that a report counts it at once.
#ifndef CRM_SERVICES_TICKET_SUM_CHANGES_H_
#define CRM_SERVICES_TICKET_SUM_CHANGES_H_

#include <vector>

#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/db/write_set.h"
#include "services/ticket/tally.h"

namespace crm::ticket {

// A write tells of what happened longer ago than this; sums are made of what happened much longer
// ago, so that no write that is told of late and by a clock that is wrong changes them untold. Most
// of what happens to a ticket happens within hours, and costs nothing.
inline constexpr absl::Duration kToldAfter = absl::Hours(6);
inline constexpr absl::Duration kSummedAfter = absl::Hours(30);

class SumChanges {
 public:
  // Both outlive it.
  SumChanges(db::WriteSet& writes, IdGenerator& ids, absl::Time now)
      : writes_(writes), ids_(ids), told_until_(now - kToldAfter) {}

  void Replace(const std::vector<Happening>& before, const std::vector<Happening>& after);

 private:
  void Tell(const Happening& happening, int64_t count);

  db::WriteSet& writes_;
  IdGenerator& ids_;
  const absl::Time told_until_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SUM_CHANGES_H_
