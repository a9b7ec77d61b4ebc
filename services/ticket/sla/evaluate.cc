#include "services/ticket/sla/evaluate.h"

#include <algorithm>
#include <tuple>

namespace crm::ticket::sla {
namespace {

constexpr int kWhole = 100;

// Charges working time piece by piece and notes when it reaches a mark.
class Meter {
 public:
  // When a mark was reached; a mark of another policy may be reached before it was set.
  struct Mark {
    absl::Duration at;
    std::optional<absl::Time> reached;
  };

  Meter(absl::Duration target, absl::Duration warning) : due_{target, {}}, warning_{warning, {}} {}

  void Charge(const calendar::BusinessCalendar& calendar, absl::Time from, absl::Time to) {
    const absl::Duration after = elapsed_ + calendar.WorkingBetween(from, to);
    for (Mark* mark : {&warning_, &due_}) {
      if (mark->reached.has_value() || after < mark->at) continue;
      mark->reached = calendar.AddWorking(from, mark->at - elapsed_);
    }
    elapsed_ = after;
  }

  // Marks that are not reached, as if time were charged from `from` on for ever.
  void Project(const calendar::BusinessCalendar& calendar, absl::Time from) {
    for (Mark* mark : {&warning_, &due_}) {
      if (mark->reached.has_value()) continue;
      mark->reached = calendar.AddWorking(from, mark->at - elapsed_);
    }
  }

  absl::Duration elapsed() const { return elapsed_; }
  std::optional<absl::Time> due() const { return due_.reached; }
  std::optional<absl::Time> warning() const { return warning_.reached; }

 private:
  Mark due_;
  Mark warning_;
  absl::Duration elapsed_;
};

void ChargePhases(const Story& story, const Cycle& cycle, absl::Time end, Meter& meter) {
  for (size_t i = 0; i < story.phases().size(); ++i) {
    const Phase& phase = story.phases()[i];
    const absl::Time from = std::max(phase.from, cycle.started);
    const absl::Time to = std::min(story.PhaseEnd(i), end);
    if (from >= to || phase.PauseOf(cycle.clock) != Pause::kNone) continue;
    meter.Charge(*phase.policy->rule(cycle.clock).calendar, from, to);
  }
}

// The last phases that pause the clock for the same reason are one pause.
absl::Time PauseBegin(const Story& story, const Cycle& cycle, Pause pause) {
  absl::Time begin = story.phases().back().from;
  for (auto phase = story.phases().rbegin(); phase != story.phases().rend(); ++phase) {
    if (phase->PauseOf(cycle.clock) != pause) break;
    begin = phase->from;
  }
  return std::max(begin, cycle.started);
}

State StateOf(const Reading& reading) {
  if (reading.breached_at.has_value()) return State::kBreached;
  if (reading.met_at.has_value()) return State::kMet;
  return reading.pause == Pause::kNone ? State::kRunning : State::kPaused;
}

}  // namespace

Reading ReadCycle(const Story& story, const Cycle& cycle, absl::Time now) {
  Reading reading;
  reading.clock = cycle.clock;
  reading.cycle = cycle.number;
  reading.started = cycle.started;
  reading.met_at = cycle.met;
  const ClockRule& rule = cycle.policy->rule(cycle.clock);
  if (!rule.target.has_value()) return reading;
  const absl::Time end = cycle.met.value_or(now);
  reading.target = *rule.target;
  const int64_t micros = absl::ToInt64Microseconds(reading.target);
  Meter meter(reading.target, absl::Microseconds(micros * cycle.policy->warning_percent / kWhole));
  ChargePhases(story, cycle, end, meter);
  meter.Project(*rule.calendar, end);
  reading.elapsed = meter.elapsed();
  reading.remaining = reading.target - reading.elapsed;
  reading.due = meter.due();
  if (cycle.policy->warning_percent > 0) reading.warning = meter.warning();
  if (reading.due.has_value() && end > *reading.due) reading.breached_at = reading.due;
  if (!cycle.met.has_value()) reading.pause = story.phases().back().PauseOf(cycle.clock);
  if (reading.pause != Pause::kNone) reading.stands_since = PauseBegin(story, cycle, reading.pause);
  reading.state = StateOf(reading);
  return reading;
}

Evaluation Evaluate(std::span<const Event> history, absl::Time now) {
  Evaluation evaluation;
  evaluation.now = now;
  for (const Clock clock : kClocks) evaluation.clocks[static_cast<size_t>(clock)].clock = clock;
  const Story story(history, now);
  if (story.phases().empty()) return evaluation;
  evaluation.merged = story.phases().back().merged;
  for (const Cycle& cycle : story.cycles()) {
    Reading& last = evaluation.clocks[static_cast<size_t>(cycle.clock)];
    if (last.cycle > 0) evaluation.earlier.push_back(last);
    last = ReadCycle(story, cycle, now);
  }
  std::sort(evaluation.earlier.begin(), evaluation.earlier.end(),
            [](const Reading& a, const Reading& b) {
              return std::tie(a.started, a.clock) < std::tie(b.started, b.clock);
            });
  return evaluation;
}

std::optional<absl::Time> EarliestDue(const Evaluation& evaluation) {
  std::optional<absl::Time> earliest;
  for (const Reading& reading : evaluation.clocks) {
    const bool stands = reading.state == State::kPaused || reading.pause == Pause::kDone ||
                        reading.pause == Pause::kMerged;
    if (!reading.is_open() || stands || !reading.due.has_value()) continue;
    earliest = earliest.has_value() ? std::min(*earliest, *reading.due) : *reading.due;
  }
  return earliest;
}

}  // namespace crm::ticket::sla
