#include "common/calendar/zone_offsets.h"

namespace crm::calendar {
namespace {

constexpr int64_t kMicrosOfSecond = 1'000'000;

int64_t OffsetAt(absl::TimeZone zone, absl::Time time) {
  return zone.At(time).offset * kMicrosOfSecond;
}

}  // namespace

ZoneOffsets::Table ZoneOffsets::TableOf(absl::TimeZone zone) {
  Table table;
  absl::Time time = absl::InfinitePast();
  table.offsets.push_back(OffsetAt(zone, absl::FromCivil(absl::CivilDay(1, 1, 1), zone)));
  for (absl::TimeZone::CivilTransition next; zone.NextTransition(time, &next);) {
    // The wall clock goes from `from` to `to` at this instant.
    time = zone.At(next.to).trans;
    const int64_t offset = OffsetAt(zone, time);
    if (offset == table.offsets.back()) continue;  // only the name changes
    table.changes.push_back(absl::ToUnixMicros(time));
    table.offsets.push_back(offset);
  }
  return table;
}

}  // namespace crm::calendar
