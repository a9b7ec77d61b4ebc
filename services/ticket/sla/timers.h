// When something falls due on a ticket while nothing more happens to it: what a scheduler of
// warnings and escalations sleeps for (TIC-8).
//
//   for (const Timer& timer : NextTimers(Evaluate(history, now), handled_until)) …
#ifndef CRM_SERVICES_TICKET_SLA_TIMERS_H_
#define CRM_SERVICES_TICKET_SLA_TIMERS_H_

#include <vector>

#include "services/ticket/sla/evaluate.h"

namespace crm::ticket::sla {

enum class TimerKind : uint8_t {
  kWarning,  // the warning share of the target is used up
  kBreach,   // the due time has passed
};

struct Timer {
  // The first instant at which an evaluation finds it so: of a breach, a microsecond after the due
  // time.
  absl::Time at;
  Clock clock = Clock::kFirstResponse;
  int cycle = 0;
  TimerKind kind = TimerKind::kWarning;

  bool operator==(const Timer&) const = default;
};

// Timers of open clocks later than `after`, in the order of their time: after an outage, also those
// that have passed. A clock that stands still has only such. A merged ticket has none at all.
std::vector<Timer> NextTimers(const Evaluation& evaluation,
                              absl::Time after = absl::InfinitePast());

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_TIMERS_H_
