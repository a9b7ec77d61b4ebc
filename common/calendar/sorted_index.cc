#include "common/calendar/sorted_index.h"

namespace crm::calendar {
namespace {

constexpr uint64_t kBucketsForEachValue = 2;

}  // namespace

SortedIndex::SortedIndex(std::vector<int64_t> values) : values_(std::move(values)) {
  if (values_.empty()) return;
  const uint64_t most_buckets = kBucketsForEachValue * values_.size();
  while (Distance(values_.back()) >> width_bits_ > most_buckets) ++width_bits_;
  buckets_.assign(BucketOf(values_.back()) + 2, 0);
  for (const int64_t value : values_) ++buckets_[BucketOf(value) + 1];
  for (size_t i = 1; i < buckets_.size(); ++i) buckets_[i] += buckets_[i - 1];
}

}  // namespace crm::calendar
