#include "common/server/admission.h"

#include <algorithm>

namespace crm::server {
namespace {

// Weight of a new observation in the moving average: 1/16.
constexpr int kAverageShift = 4;

}  // namespace

Admission::Admission(LaneLimits workers, LaneLimits batch, LaneLimits streams)
    : lanes_{LaneState(workers), LaneState(batch), LaneState(streams)} {}

Admission::Place Admission::TryEnter(Lane lane, absl::Duration remaining) {
  LaneState& state = lanes_[Index(lane)];
  const int before = state.calls.fetch_add(1);
  Place place(&state.calls);
  if (before >= state.limits.max_calls) return Place();
  const int ahead = std::max(0, before + 1 - state.limits.threads);
  const absl::Duration wait = absl::Nanoseconds(state.nanos_per_call.load()) * ahead /
                              static_cast<int64_t>(state.limits.threads);
  if (wait > std::min(state.limits.max_wait, remaining / 2)) return Place();
  return place;
}

void Admission::Observe(Lane lane, absl::Duration worked, size_t calls) {
  if (calls == 0) return;
  // Two threads at once may lose one of two observations: it is an average.
  std::atomic<int64_t>& average = lanes_[Index(lane)].nanos_per_call;
  const int64_t nanos = absl::ToInt64Nanoseconds(worked) / static_cast<int64_t>(calls);
  const int64_t before = average.load();
  average.store(before + ((nanos - before) >> kAverageShift));
}

}  // namespace crm::server
