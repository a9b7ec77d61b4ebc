// The clocks of a ticket (TIC-6), computed from its history alone: no counter, no job, no order of
// arrival has a part in it.
//
//   const Evaluation evaluation = Evaluate(history, clock.Now());
//   const Reading& resolution = evaluation[Clock::kResolution];
//   if (resolution.state == State::kBreached) …
//
// How time is charged: working time of the calendar in force, from what started the clock to what
// ended it, without the time in which the clock is paused (by status, where policy says so), the
// ticket is done or closed, or merged into another. When another policy is applied, the time
// charged so far stays charged; from then on the new policy's calendar and pauses count, and its
// target is what all of the time is compared with, also if that time is over already.
//
// The due time is the earliest instant at which as much time is charged as the target allows. What
// happens at the due time is in time; breached is what has not happened by then. A clock that ended
// is judged by the policy in force at its end.
//
// Pure, thread-safe; microseconds.
#ifndef CRM_SERVICES_TICKET_SLA_EVALUATE_H_
#define CRM_SERVICES_TICKET_SLA_EVALUATE_H_

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "services/ticket/sla/history.h"
#include "services/ticket/sla/policy.h"
#include "services/ticket/sla/story.h"

namespace crm::ticket::sla {

enum class State : uint8_t {
  kInactive,  // the policy does not have it, or nothing has started it
  kRunning,   // also outside hours
  kPaused,
  kMet,       // ended in time
  kBreached,  // the due time has passed; `met_at` says whether it ended all the same
};

// One turn of a clock at an instant. A clock ends when `met_at` is set; only the resolution clock
// can go on after that, when the ticket is reopened.
struct Reading {
  Clock clock = Clock::kFirstResponse;
  // Which turn of the clock, from 1: every customer's reply starts another one of the next
  // response, every answer one of the next update. 0 = it never started.
  int cycle = 0;
  State state = State::kInactive;
  // Why an open clock stands still; also of one that is breached.
  Pause pause = Pause::kNone;
  // Since when it stands still for that reason.
  std::optional<absl::Time> stands_since;
  absl::Time started;
  absl::Duration target;
  // Time charged, to the end or to now; target − elapsed, negative when overdue.
  absl::Duration elapsed;
  absl::Duration remaining;
  // Absent = never: no such working time is to come. While the clock runs, as it will be if nothing
  // more happens; while it is paused, as if it went on now; of one that ended in time, as it was
  // then.
  std::optional<absl::Time> due;
  // When `warning_percent` of the target is used up; in the same way. Absent also without warnings.
  std::optional<absl::Time> warning;
  std::optional<absl::Time> met_at;
  // The due time that passed.
  std::optional<absl::Time> breached_at;

  bool is_open() const { return state != State::kInactive && !met_at.has_value(); }
};

struct Evaluation {
  const Reading& operator[](Clock clock) const { return clocks[static_cast<size_t>(clock)]; }

  absl::Time now;
  bool merged = false;
  // The last turn of each clock.
  std::array<Reading, kClocks.size()> clocks;
  // The turns before those, in the order of their start; they have ended.
  std::vector<Reading> earlier;
};

// Events later than `now` do not count: a report for a day in the past sees the ticket of that day.
Evaluation Evaluate(std::span<const Event> history, absl::Time now);

// The earliest due time of an open clock, for the order of a work list. Nothing if none runs or is
// breached, and for tickets that are done, closed or merged.
std::optional<absl::Time> EarliestDue(const Evaluation& evaluation);

// For the parts of the engine.
Reading ReadCycle(const Story& story, const Cycle& cycle, absl::Time now);

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_EVALUATE_H_
