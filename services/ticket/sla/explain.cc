#include "services/ticket/sla/explain.h"

#include <algorithm>
#include <utility>

namespace crm::ticket::sla {
namespace {

SegmentKind KindOf(calendar::SpanKind kind) {
  switch (kind) {
    case calendar::SpanKind::kOpen:
      return SegmentKind::kWorking;
    case calendar::SpanKind::kClosed:
      return SegmentKind::kClosed;
    case calendar::SpanKind::kHoliday:
      return SegmentKind::kHoliday;
  }
  return SegmentKind::kClosed;
}

class Teller {
 public:
  Teller(const Story& story, const Cycle& cycle) : story_(story), cycle_(cycle) {}

  // What was, in [from, to).
  void TellPast(absl::Time from, absl::Time to) {
    for (size_t i = 0; i < story_.phases().size(); ++i) {
      const Phase& phase = story_.phases()[i];
      TellPhase(phase, std::max(phase.from, from), std::min(story_.PhaseEnd(i), to));
    }
  }

  // What will be in [from, to) if time is charged all the while.
  void TellFuture(absl::Time from, absl::Time to) {
    AddHours(cycle_.policy->rule(cycle_.clock), from, to, /*projected=*/true);
  }

  std::vector<Segment> Take() && { return std::move(segments_); }

 private:
  void TellPhase(const Phase& phase, absl::Time from, absl::Time to) {
    if (from >= to) return;
    const Pause pause = phase.PauseOf(cycle_.clock);
    if (pause == Pause::kNone) {
      AddHours(phase.policy->rule(cycle_.clock), from, to, /*projected=*/false);
    } else {
      Add({from, to, SegmentKind::kPaused, pause, phase.status, "", false});
    }
  }

  void AddHours(const ClockRule& rule, absl::Time from, absl::Time to, bool projected) {
    for (calendar::Span& span : rule.calendar->Segments(from, to)) {
      Add({span.from, span.to, KindOf(span.kind), Pause::kNone, Status::kUnassigned,
           std::move(span.holiday), projected});
    }
  }

  // Joined with the segment before, if that is the same but for the time.
  void Add(Segment segment) {
    if (!segments_.empty()) {
      Segment longer = segments_.back();
      longer.from = segment.from;
      longer.to = segment.to;
      if (longer == segment) {
        segments_.back().to = segment.to;
        return;
      }
    }
    segments_.push_back(std::move(segment));
  }

  const Story& story_;
  const Cycle& cycle_;
  std::vector<Segment> segments_;
};

}  // namespace

std::optional<Explanation> Explain(std::span<const Event> history, Clock clock, absl::Time now,
                                   int cycle_number) {
  const Story story(history, now);
  const Cycle* cycle = story.Find(clock, cycle_number);
  if (cycle == nullptr || !cycle->policy->rule(clock).target.has_value()) return std::nullopt;
  Explanation explanation;
  explanation.reading = ReadCycle(story, *cycle, now);
  const absl::Time end = cycle->met.value_or(now);
  const absl::Time due = explanation.reading.due.value_or(end);
  Teller teller(story, *cycle);
  teller.TellPast(cycle->started, std::min(end, due));
  teller.TellFuture(end, due);
  explanation.segments = std::move(teller).Take();
  return explanation;
}

}  // namespace crm::ticket::sla
