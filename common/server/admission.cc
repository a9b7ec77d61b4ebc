#include "common/server/admission.h"

#include <algorithm>

namespace crm::server {
namespace {

// Weight of a new observation in the moving average: 1/16.
constexpr int kAverageShift = 4;

// Places go fast and come back slowly, each step after what the last one did can be seen.
constexpr int64_t kFewerEveryMicros = 2'000;
constexpr int64_t kMoreEveryMicros = 10'000;
constexpr int kFewerShift = 2;  // by a quarter
constexpr int kMoreShift = 4;   // by a sixteenth

}  // namespace

Admission::Admission(LaneLimits workers, LaneLimits batch, LaneLimits streams)
    : lanes_{LaneState(workers), LaneState(batch), LaneState(streams)} {}

Admission::Place Admission::TryEnter(Lane lane, absl::Duration remaining) {
  LaneState& state = lanes_[Index(lane)];
  const int before = state.calls.fetch_add(1);
  Place place(&state.calls);
  if (before >= state.places.load(std::memory_order_relaxed)) return Place();
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

void Admission::Arrivals(bool all_taken, absl::Time now) {
  LaneState& state = lanes_[Index(Lane::kWorkers)];
  const int most = state.limits.max_calls;
  const int places = state.places.load(std::memory_order_relaxed);
  if (all_taken && places == most) return;
  const int64_t micros = absl::ToUnixMicros(now);
  int64_t changed = places_changed_.load(std::memory_order_relaxed);
  if (micros - changed < (all_taken ? kMoreEveryMicros : kFewerEveryMicros)) return;
  if (!places_changed_.compare_exchange_strong(changed, micros)) return;  // another poller does it
  if (all_taken) {
    state.places.store(std::min(most, places + (places >> kMoreShift) + 1));
  } else {
    const int used = std::min(places, state.calls.load());
    const int fewer = used - std::max(1, used >> kFewerShift);
    state.places.store(std::clamp(fewer, std::min(state.limits.threads, places), places));
  }
}

}  // namespace crm::server
