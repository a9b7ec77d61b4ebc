#include "services/ticket/tally.h"

#include <algorithm>
#include <array>

namespace crm::ticket {
namespace {

// From so many minutes on buckets are so many minutes wide, and have these numbers.
struct Buckets {
  int64_t from;
  int64_t width;
  int64_t first;
};
constexpr std::array kBuckets = {Buckets{30 * 24 * 60, 24 * 60, 1068},
                                 Buckets{2 * 24 * 60, 60, 396}, Buckets{120, 10, 120},
                                 Buckets{0, 1, 0}};

}  // namespace

int64_t BucketOf(absl::Duration duration) {
  const int64_t minutes = std::max<int64_t>(absl::ToInt64Minutes(duration), 0);
  const auto range = std::find_if(kBuckets.begin(), kBuckets.end(),
                                  [&](const Buckets& buckets) { return minutes >= buckets.from; });
  return range->first + (minutes - range->from) / range->width;
}

int64_t MinutesOf(int64_t bucket) {
  const auto range = std::find_if(kBuckets.begin(), kBuckets.end(),
                                  [&](const Buckets& buckets) { return bucket >= buckets.first; });
  return range->from + (bucket - range->first) * range->width;
}

Tally DurationTally(Figure figure, absl::Duration duration, const TicketClass& of) {
  return {.figure = figure,
          .value = BucketOf(duration),
          .of = of,
          .seconds = absl::ToInt64Seconds(duration)};
}

Tally OpenTally(absl::Time created, const TicketClass& of, int64_t count) {
  const int64_t second = absl::ToUnixSeconds(created + absl::Seconds(1) - absl::Nanoseconds(1));
  return {.figure = Figure::kOpen, .value = second, .of = of, .count = count};
}

}  // namespace crm::ticket
