// The offsets of a time zone as a sorted table: which offset from UTC is in force when. In between,
// a wall clock runs as evenly as UTC.
#ifndef CRM_COMMON_CALENDAR_ZONE_OFFSETS_H_
#define CRM_COMMON_CALENDAR_ZONE_OFFSETS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/calendar/sorted_index.h"

namespace crm::calendar {

// Immutable, thread-safe. Microseconds throughout.
class ZoneOffsets {
 public:
  explicit ZoneOffsets(absl::TimeZone zone) : ZoneOffsets(TableOf(zone)) {}

  size_t size() const { return offsets_.size(); }
  // First instant of a piece but the first, which has no beginning.
  int64_t start(size_t piece) const { return changes_[piece - 1]; }
  // First instant after a piece.
  int64_t end(size_t piece) const {
    return piece < changes_.size() ? changes_[piece] : std::numeric_limits<int64_t>::max();
  }
  // Wall clock minus UTC.
  int64_t offset(size_t piece) const { return offsets_[piece]; }

  size_t PieceOf(int64_t micros) const { return changes_.CountTo(micros); }

 private:
  struct Table {
    std::vector<int64_t> changes;
    std::vector<int64_t> offsets;
  };
  explicit ZoneOffsets(Table table)
      : changes_(std::move(table.changes)), offsets_(std::move(table.offsets)) {}
  static Table TableOf(absl::TimeZone zone);

  SortedIndex changes_;
  std::vector<int64_t> offsets_;  // one more: before the first change and after each
};

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_ZONE_OFFSETS_H_
