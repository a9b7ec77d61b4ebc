// What the service has to do when (SAL-10): the table `sales_timer` (common/job/timers.h).
#ifndef CRM_SERVICES_SALES_TIMERS_H_
#define CRM_SERVICES_SALES_TIMERS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "common/db/write_set.h"
#include "common/job/timers.h"

namespace crm::sales {

using job::Timer;

enum TimerKind : int {
  kReminder = 1,        // it is due
  kOpportunity = 2,     // an automatic reminder of it may be due
  kNewOpportunity = 3,  // follow-up rules have to look at it
};

const job::Timers& SalesTimers();

inline void SetTimer(db::WriteSet& writes, const Timer& timer) { SalesTimers().Set(writes, timer); }
inline void HastenTimer(db::WriteSet& writes, const Timer& timer) {
  SalesTimers().Hasten(writes, timer);
}
inline void PutOffTimer(db::WriteSet& writes, const Timer& claimed, absl::Time due) {
  SalesTimers().PutOff(writes, claimed, due);
}
inline void EndTimer(db::WriteSet& writes, const Timer& claimed) {
  SalesTimers().End(writes, claimed);
}
inline void DropTimer(db::WriteSet& writes, TimerKind kind, int64_t subject_id) {
  SalesTimers().Drop(writes, kind, subject_id);
}

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TIMERS_H_
