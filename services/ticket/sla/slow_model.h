// A slow, obvious model of a ticket's clocks, for the model test: it walks through time in steps of
// a quarter of an hour, applies each event when its time has come, and counts the steps that are
// charged. It shares nothing with the engine but the types of its input.
#ifndef CRM_SERVICES_TICKET_SLA_SLOW_MODEL_H_
#define CRM_SERVICES_TICKET_SLA_SLOW_MODEL_H_

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "services/ticket/sla/history.h"

namespace crm::ticket::sla {

// Times are numbers of steps from the beginning of the window; events lie on steps.
struct SlowTime {
  absl::Time begin;
  absl::Duration step;
  int steps = 0;

  int IndexOf(absl::Time time) const { return static_cast<int>((time - begin) / step); }
  absl::Time At(int index) const { return begin + index * step; }
};

// Which steps of the window are open.
using OpenSteps = std::vector<bool>;
using OpenStepsOf = std::map<const calendar::BusinessCalendar*, OpenSteps>;

struct SlowClock {
  bool is_running = false;  // has started and not ended
  int turn = 0;
  int started = 0;
  std::optional<int> ended;
  const Policy* judge = nullptr;
  // The charged steps: the n-th element is when the n-th one began.
  std::vector<int> charged;
  // The steps in which it did not stand still, also outside hours.
  std::vector<int> ran;
};

class SlowModel {
 public:
  SlowModel(const SlowTime& time, const OpenStepsOf& open) : time_(time), open_(open) {}

  // Walks to `now`, events at `now` included. Without an opening by then nothing starts.
  void Walk(std::vector<Event> events, int now) {
    std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
      return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
    });
    const auto opening = std::find_if(events.begin(), events.end(), [](const Event& event) {
      return event.kind == EventKind::kOpened;
    });
    const int opened = time_.IndexOf(opening->time);
    if (opened > now) return;
    Open(*opening, opened);
    size_t next = 0;
    for (int i = opened; i <= now; ++i) {
      for (; next < events.size() && time_.IndexOf(events[next].time) <= i; ++next) {
        Apply(events[next], i);
      }
      if (i < now) ChargeStep(i);
    }
    now_ = now;
  }

  bool merged() const { return merged_; }
  const SlowClock& clock(Clock clock) const { return clocks_.at(clock); }
  const std::vector<std::pair<Clock, SlowClock>>& earlier() const { return earlier_; }

  // Nothing if the policy that judges it does not have the clock.
  std::optional<absl::Duration> TargetOf(Clock name, const SlowClock& clock) const {
    const Policy* judge = clock.judge != nullptr ? clock.judge : policy_;
    return judge->rules[static_cast<size_t>(name)].target;
  }
  // In the policy that the ticket was opened under.
  std::optional<absl::Duration> FirstTargetOf(Clock name) const {
    return first_policy_->rules[static_cast<size_t>(name)].target;
  }
  int WarningPercentOf(const SlowClock& clock) const {
    return (clock.judge != nullptr ? clock.judge : policy_)->warning_percent;
  }

  // The charged steps, with those to come if it went on from its end or from now: until there are
  // `count`, or to the end of the window.
  std::vector<int> ChargedUpTo(Clock name, const SlowClock& clock, size_t count) const {
    std::vector<int> charged = clock.charged;
    const Policy* judge = clock.judge != nullptr ? clock.judge : policy_;
    const OpenSteps& open = open_.at(judge->rules[static_cast<size_t>(name)].calendar.get());
    for (int i = clock.ended.value_or(now_); i < time_.steps && charged.size() < count; ++i) {
      if (open[static_cast<size_t>(i)]) charged.push_back(i);
    }
    return charged;
  }

  bool IsPaused(Clock name) const { return !MayCharge(name); }

 private:
  void Open(const Event& opening, int i) {
    for (const Clock name : kClocks) clocks_[name] = {};
    policy_ = first_policy_ = opening.policy;
    for (const Clock name : {Clock::kFirstResponse, Clock::kOnSiteArrival, Clock::kResolution}) {
      Begin(name, i);
    }
    SetStatus(opening.status, i);
  }

  void Begin(Clock name, int i) {
    SlowClock& clock = clocks_[name];
    if (clock.turn > 0) earlier_.emplace_back(name, clock);
    clock = {true, clock.turn + 1, i, std::nullopt, nullptr, {}, {}};
  }

  void End(Clock name, int i) {
    SlowClock& clock = clocks_[name];
    if (!clock.is_running) return;
    clock.is_running = false;
    clock.ended = i;
    clock.judge = policy_;
  }

  void SetStatus(Status status, int i) {
    status_ = status;
    if (status == Status::kDone || status == Status::kClosed) {
      End(Clock::kResolution, i);
    } else {
      SlowClock& resolution = clocks_[Clock::kResolution];
      resolution.is_running = true;
      resolution.ended.reset();
      resolution.judge = nullptr;
    }
  }

  void Apply(const Event& event, int i) {
    if (event.kind == EventKind::kStatusChanged) SetStatus(event.status, i);
    if (event.kind == EventKind::kPolicyApplied) policy_ = event.policy;
    if (event.kind == EventKind::kMerged) merged_ = true;
    if (event.kind == EventKind::kUnmerged) merged_ = false;
    if (event.kind == EventKind::kArrivedOnSite) End(Clock::kOnSiteArrival, i);
    if (event.kind == EventKind::kAgentReplied) {
      End(Clock::kFirstResponse, i);
      End(Clock::kNextResponse, i);
      End(Clock::kNextUpdate, i);
      Begin(Clock::kNextUpdate, i);
    }
    if (event.kind == EventKind::kCustomerReplied) {
      const bool has_answer = !clocks_[Clock::kFirstResponse].is_running;
      if (has_answer && !clocks_[Clock::kNextResponse].is_running) Begin(Clock::kNextResponse, i);
    }
  }

  bool MayCharge(Clock name) const {
    const ClockRule& rule = policy_->rules[static_cast<size_t>(name)];
    return !merged_ && status_ != Status::kDone && status_ != Status::kClosed &&
           rule.target.has_value() && !rule.paused_in.Has(status_);
  }

  void ChargeStep(int i) {
    for (auto& [name, clock] : clocks_) {
      if (!clock.is_running || !MayCharge(name)) continue;
      clock.ran.push_back(i);
      const auto* calendar = policy_->rules[static_cast<size_t>(name)].calendar.get();
      if (open_.at(calendar)[static_cast<size_t>(i)]) clock.charged.push_back(i);
    }
  }

  const SlowTime& time_;
  const OpenStepsOf& open_;
  std::map<Clock, SlowClock> clocks_;
  std::vector<std::pair<Clock, SlowClock>> earlier_;
  Status status_ = Status::kUnassigned;
  bool merged_ = false;
  const Policy* policy_ = nullptr;
  const Policy* first_policy_ = nullptr;
  int now_ = 0;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_SLOW_MODEL_H_
