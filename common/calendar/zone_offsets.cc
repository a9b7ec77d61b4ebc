#include "common/calendar/zone_offsets.h"

namespace crm::calendar {
namespace {

constexpr int64_t kMicrosOfSecond = 1'000'000;

int64_t OffsetAt(absl::TimeZone zone, absl::Time time) {
  return zone.At(time).offset * kMicrosOfSecond;
}

}  // namespace

ZoneOffsets::ZoneOffsets(absl::TimeZone zone) {
  starts_.push_back(std::numeric_limits<int64_t>::min());
  absl::Time time = absl::FromUnixSeconds(std::numeric_limits<int32_t>::min() * int64_t{100});
  offsets_.push_back(OffsetAt(zone, time));
  for (absl::TimeZone::CivilTransition next; zone.NextTransition(time, &next);) {
    // The wall clock goes from `from` to `to` at this instant.
    time = zone.At(next.to).trans;
    const int64_t offset = OffsetAt(zone, time);
    if (offset == offsets_.back()) continue;  // only the name changes
    starts_.push_back(absl::ToUnixMicros(time));
    offsets_.push_back(offset);
  }
}

}  // namespace crm::calendar
