#include "common/base/ids.h"

#include <algorithm>

#include "absl/base/macros.h"

namespace crm {
namespace {

constexpr int64_t kEpochMillis = 1577836800000;  // 2020-01-01T00:00:00Z
constexpr int64_t kCounterMask = (int64_t{1} << IdGenerator::kCounterBits) - 1;

}  // namespace

IdGenerator::IdGenerator(const Clock& clock, int node) : clock_(clock), node_(node) {
  ABSL_ASSERT(node >= 0 && node <= kMaxNode);
}

int64_t IdGenerator::TicksOf(absl::Time time) {
  return (absl::ToUnixMillis(time) - kEpochMillis) << kCounterBits;
}

int64_t IdGenerator::Next() {
  const int64_t now = TicksOf(clock_.Now());
  int64_t last = last_.load(std::memory_order_relaxed);
  int64_t next;
  do {
    next = std::max(now, last + 1);
  } while (!last_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  const int64_t millis = next >> kCounterBits;
  return (millis << (kNodeBits + kCounterBits)) | (node_ << kCounterBits) | (next & kCounterMask);
}

void IdGenerator::ObserveTime(absl::Time time) {
  const int64_t seen = TicksOf(time) | kCounterMask;
  int64_t last = last_.load(std::memory_order_relaxed);
  while (last < seen && !last_.compare_exchange_weak(last, seen, std::memory_order_relaxed)) {
  }
}

absl::Time IdGenerator::TimeOf(int64_t id) {
  return absl::FromUnixMillis((id >> (kNodeBits + kCounterBits)) + kEpochMillis);
}

}  // namespace crm
