// The offsets of a time zone as a sorted table: which offset from UTC is in force when. In between,
// a wall clock runs as evenly as UTC.
#ifndef CRM_COMMON_CALENDAR_ZONE_OFFSETS_H_
#define CRM_COMMON_CALENDAR_ZONE_OFFSETS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/time/time.h"

namespace crm::calendar {

// Immutable, thread-safe. Microseconds throughout.
class ZoneOffsets {
 public:
  explicit ZoneOffsets(absl::TimeZone zone);

  size_t size() const { return starts_.size(); }
  // First instant of a piece; of the first one, the beginning of time.
  int64_t start(size_t piece) const { return starts_[piece]; }
  // First instant after a piece.
  int64_t end(size_t piece) const {
    return piece + 1 < starts_.size() ? starts_[piece + 1] : std::numeric_limits<int64_t>::max();
  }
  // Wall clock minus UTC.
  int64_t offset(size_t piece) const { return offsets_[piece]; }

  size_t PieceOf(int64_t micros) const {
    return static_cast<size_t>(std::upper_bound(starts_.begin() + 1, starts_.end(), micros) -
                               starts_.begin()) -
           1;
  }

 private:
  std::vector<int64_t> starts_;  // sorted
  std::vector<int64_t> offsets_;
};

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_ZONE_OFFSETS_H_
