#include "services/ticket/sla/story.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace crm::ticket::sla {
namespace {

bool IsBefore(const Event& a, const Event& b) {
  return std::tie(a.time, a.sequence) < std::tie(b.time, b.sequence);
}

bool IsOver(Status status) { return status == Status::kDone || status == Status::kClosed; }

const Policy& NoPolicy() {
  static const Policy* const policy = new Policy;
  return *policy;
}

size_t Index(Clock clock) { return static_cast<size_t>(clock); }

}  // namespace

Pause Phase::PauseOf(Clock clock) const {
  if (merged) return Pause::kMerged;
  if (IsOver(status)) return Pause::kDone;
  const ClockRule& rule = policy->rule(clock);
  if (!rule.target.has_value()) return Pause::kNoTarget;
  return rule.paused_in.Has(status) ? Pause::kStatus : Pause::kNone;
}

Story::Story(std::span<const Event> history, absl::Time until) {
  if (std::is_sorted(history.begin(), history.end(), IsBefore)) {
    Tell(history, until);
  } else {
    std::vector<Event> sorted(history.begin(), history.end());
    std::sort(sorted.begin(), sorted.end(), IsBefore);
    Tell(sorted, until);
  }
}

void Story::Tell(std::span<const Event> history, absl::Time until) {
  const auto opened = std::find_if(history.begin(), history.end(), [](const Event& event) {
    return event.kind == EventKind::kOpened;
  });
  if (opened == history.end() || opened->time > until) return;
  const Policy* policy = opened->policy == nullptr ? &NoPolicy() : opened->policy;
  Enter({opened->time, opened->status, false, policy});
  Start(Clock::kFirstResponse, opened->time);
  Start(Clock::kOnSiteArrival, opened->time);
  Start(Clock::kResolution, opened->time);
  ChangeStatus(opened->status, opened->time);
  for (const Event& event : history) {
    if (event.time > until) break;
    Apply(event, std::max(event.time, opened->time));
  }
  for (Cycle& cycle : cycles_) {
    if (!cycle.met.has_value()) cycle.policy = phases_.back().policy;
  }
}

void Story::Apply(const Event& event, absl::Time time) {
  Phase phase = phases_.back();
  phase.from = time;
  switch (event.kind) {
    case EventKind::kOpened:
    case EventKind::kAssigned:
    case EventKind::kSplit:
      return;
    case EventKind::kStatusChanged:
      return ChangeStatus(event.status, time);
    case EventKind::kAgentReplied:
      return AnswerCustomer(time);
    case EventKind::kCustomerReplied:
      // Before the first answer it is the first response that the customer waits for.
      if (answered_ && Open(Clock::kNextResponse) == nullptr) Start(Clock::kNextResponse, time);
      return;
    case EventKind::kArrivedOnSite:
      return Meet(Clock::kOnSiteArrival, time);
    case EventKind::kPolicyApplied:
      phase.policy = event.policy == nullptr ? &NoPolicy() : event.policy;
      return Enter(phase);
    case EventKind::kMerged:
      phase.merged = true;
      return Enter(phase);
    case EventKind::kUnmerged:
      phase.merged = false;
      return Enter(phase);
  }
}

void Story::ChangeStatus(Status status, absl::Time time) {
  Phase phase = phases_.back();
  phase.from = time;
  phase.status = status;
  Enter(phase);
  Cycle& resolution = cycles_[static_cast<size_t>(last_[Index(Clock::kResolution)])];
  if (!IsOver(status)) {
    resolution.met.reset();  // reopened: the same clock goes on
  } else {
    Meet(Clock::kResolution, time);
  }
}

void Story::AnswerCustomer(absl::Time time) {
  answered_ = true;
  Meet(Clock::kFirstResponse, time);
  Meet(Clock::kNextResponse, time);
  Meet(Clock::kNextUpdate, time);
  Start(Clock::kNextUpdate, time);
}

void Story::Enter(const Phase& phase) {
  // Of changes at the same instant only what they come to takes time.
  if (!phases_.empty() && phases_.back().from == phase.from) {
    phases_.back() = phase;
  } else {
    phases_.push_back(phase);
  }
}

void Story::Start(Clock clock, absl::Time time) {
  const int last = last_[Index(clock)];
  const int number = last < 0 ? 1 : cycles_[static_cast<size_t>(last)].number + 1;
  last_[Index(clock)] = static_cast<int>(cycles_.size());
  cycles_.push_back({clock, number, time, std::nullopt, nullptr});
}

Cycle* Story::Open(Clock clock) {
  const int last = last_[Index(clock)];
  if (last < 0) return nullptr;
  Cycle& cycle = cycles_[static_cast<size_t>(last)];
  return cycle.met.has_value() ? nullptr : &cycle;
}

void Story::Meet(Clock clock, absl::Time time) {
  Cycle* cycle = Open(clock);
  if (cycle == nullptr) return;
  cycle->met = time;
  cycle->policy = phases_.back().policy;
}

const Cycle* Story::Find(Clock clock, int number) const {
  const Cycle* found = nullptr;
  for (const Cycle& cycle : cycles_) {
    if (cycle.clock == clock && (number == 0 || cycle.number == number)) found = &cycle;
  }
  return found;
}

}  // namespace crm::ticket::sla
