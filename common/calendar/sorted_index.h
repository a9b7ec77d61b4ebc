// Counts how many of a sorted list of numbers do not exceed a value: in next to no time if the list
// is spread evenly, as offsets of a zone and holidays are, and by binary search where it is dense.
#ifndef CRM_COMMON_CALENDAR_SORTED_INDEX_H_
#define CRM_COMMON_CALENDAR_SORTED_INDEX_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace crm::calendar {

// Immutable, thread-safe.
class SortedIndex {
 public:
  // `values` rise, not necessarily strictly.
  explicit SortedIndex(std::vector<int64_t> values);

  size_t CountTo(int64_t value) const {
    if (values_.empty() || value < values_.front()) return 0;
    if (value >= values_.back()) return values_.size();
    const size_t bucket = BucketOf(value);
    const auto begin = values_.begin() + buckets_[bucket];
    const auto end = values_.begin() + buckets_[bucket + 1];
    return static_cast<size_t>(std::upper_bound(begin, end, value) - values_.begin());
  }

  // How many are less than a value.
  size_t CountBelow(int64_t value) const { return CountTo(value - 1); }

  int64_t operator[](size_t index) const { return values_[index]; }
  size_t size() const { return values_.size(); }

 private:
  // Distances are taken without sign: they may be longer than an int64_t.
  uint64_t Distance(int64_t value) const {
    return static_cast<uint64_t>(value) - static_cast<uint64_t>(values_.front());
  }
  size_t BucketOf(int64_t value) const { return Distance(value) >> width_bits_; }

  std::vector<int64_t> values_;
  // The values are sorted into buckets of the same width; where each bucket begins.
  std::vector<uint32_t> buckets_;
  int width_bits_ = 0;
};

}  // namespace crm::calendar

#endif  // CRM_COMMON_CALENDAR_SORTED_INDEX_H_
