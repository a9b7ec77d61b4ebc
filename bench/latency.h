// How long calls took: every one is kept, percentiles are exact.
#ifndef CRM_BENCH_LATENCY_H_
#define CRM_BENCH_LATENCY_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace crm::bench {

// The middle one; the upper of the two middle ones. Of nothing: 0.
inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Not thread-safe; each thread has its own, merged at the end.
class Latencies {
 public:
  void Add(absl::Duration took) {
    nanos_.push_back(static_cast<uint32_t>(
        std::clamp<int64_t>(absl::ToInt64Nanoseconds(took), 0, UINT32_MAX)));  // at most 4.3 s
  }
  void Merge(const Latencies& other) {
    nanos_.insert(nanos_.end(), other.nanos_.begin(), other.nanos_.end());
  }
  size_t count() const { return nanos_.size(); }

  // The latency that `share` (0 to 1) of the calls did not exceed, in milliseconds; 0 of nothing.
  double Millis(double share) const {
    if (nanos_.empty()) return 0;
    std::vector<uint32_t> sorted = nanos_;
    const size_t rank = std::min(sorted.size() - 1,
                                 static_cast<size_t>(share * static_cast<double>(sorted.size())));
    const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(sorted.begin(), nth, sorted.end());
    return static_cast<double>(*nth) / 1e6;
  }

 private:
  std::vector<uint32_t> nanos_;
};

}  // namespace crm::bench

#endif  // CRM_BENCH_LATENCY_H_
