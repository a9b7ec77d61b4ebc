#include "services/ticket/sla/timers.h"

#include <algorithm>
#include <tuple>

namespace crm::ticket::sla {
namespace {

constexpr absl::Duration kFirstLateMoment = absl::Microseconds(1);

void AddTimers(const Reading& reading, absl::Time now, std::vector<Timer>& timers) {
  // Of a clock that stands still only what it has reached is certain.
  const absl::Time horizon = reading.pause == Pause::kNone ? absl::InfiniteFuture() : now;
  if (reading.warning.has_value() && *reading.warning <= horizon) {
    timers.push_back({*reading.warning, reading.clock, reading.cycle, TimerKind::kWarning});
  }
  if (reading.due.has_value() && *reading.due <= horizon) {
    timers.push_back(
        {*reading.due + kFirstLateMoment, reading.clock, reading.cycle, TimerKind::kBreach});
  }
}

}  // namespace

std::vector<Timer> NextTimers(const Evaluation& evaluation, absl::Time after) {
  std::vector<Timer> timers;
  if (evaluation.merged) return timers;
  for (const Reading& reading : evaluation.clocks) {
    if (reading.is_open()) AddTimers(reading, evaluation.now, timers);
  }
  std::erase_if(timers, [after](const Timer& timer) { return timer.at <= after; });
  std::sort(timers.begin(), timers.end(), [](const Timer& a, const Timer& b) {
    return std::tie(a.at, a.clock, a.kind) < std::tie(b.at, b.clock, b.kind);
  });
  return timers;
}

}  // namespace crm::ticket::sla
