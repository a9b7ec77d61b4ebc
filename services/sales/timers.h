// What the service has to do when (SAL-10, PLT-22); the SQL of the table `sales_timer`. A timer is
// set in the transaction that makes it needed and claimed by any replica when it is due, the
// earliest first.
#ifndef CRM_SERVICES_SALES_TIMERS_H_
#define CRM_SERVICES_SALES_TIMERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"

namespace crm::sales {

enum class TimerKind {
  kReminder = 1,        // it is due
  kOpportunity = 2,     // an automatic reminder of it may be due
  kNewOpportunity = 3,  // follow-up rules have to look at it
};

struct Timer {
  TimerKind kind = TimerKind::kReminder;
  int64_t subject_id = 0;
  absl::Time due;
  std::string claimant = {};  // of a claimed one
};

// Replaces what there is.
void SetTimer(db::WriteSet& writes, const Timer& timer);
// Leaves an earlier time alone, but ends a claim: what it was decided on has changed.
void HastenTimer(db::WriteSet& writes, const Timer& timer);
// The end of what a timer was claimed for: it is due again later, or done. The commit fails with a
// conflict if the claim is over.
void PutOffTimer(db::WriteSet& writes, const Timer& claimed, absl::Time due);
void EndTimer(db::WriteSet& writes, const Timer& claimed);
// Whoever has claimed it.
void DropTimer(db::WriteSet& writes, TimerKind kind, int64_t subject_id);

// Those of a kind that are due and that nobody else has claimed, the earliest first, at most
// kClaimAtOnce. `claimant` names this claim. A claim ends by itself soon after.
inline constexpr int kClaimAtOnce = 200;
absl::StatusOr<std::vector<Timer>> ClaimDueTimers(db::Connection& db, TimerKind kind,
                                                  const std::string& claimant, absl::Time now);
// When the first one that is not due yet is; InfiniteFuture without any.
absl::StatusOr<absl::Time> NextTimer(db::Connection& db, absl::Time now);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TIMERS_H_
