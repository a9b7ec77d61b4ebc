#include "services/ticket/sla/course.h"

#include <algorithm>

namespace crm::ticket::sla {

std::optional<absl::Time> Course::After(const Reading& turn, absl::Time from) const {
  static const calendar::BusinessCalendar& always =
      *new calendar::BusinessCalendar(calendar::BusinessCalendar::Always());
  return After(turn, from, absl::ZeroDuration(), always);
}

std::optional<absl::Time> Course::After(const Reading& turn, absl::Time from, absl::Duration time,
                                        const calendar::BusinessCalendar& calendar) const {
  const absl::Time end = turn.met_at.value_or(absl::InfiniteFuture());
  absl::Duration left = time;
  for (size_t i = 0; i < story_.phases().size(); ++i) {
    const Phase& phase = story_.phases()[i];
    const absl::Time begin = std::max(phase.from, from);
    const absl::Time stop = std::min(story_.PhaseEnd(i), end);
    if (begin > stop || phase.PauseOf(turn.clock) != Pause::kNone) continue;
    const std::optional<absl::Time> reached = calendar.AddWorking(begin, left);
    if (!reached.has_value() || *reached <= stop) return reached;
    left -= calendar.WorkingBetween(begin, stop);
  }
  return std::nullopt;
}

}  // namespace crm::ticket::sla
