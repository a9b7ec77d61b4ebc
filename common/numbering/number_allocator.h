// Gives out public numbers (CUS-1): unique, never reused, with any number of replicas.
//
//   NumberAllocator numbers({.name = "customer", .pattern = *pattern, .zone = shanghai}, pool);
//   CRM_ASSIGN_OR_RETURN(std::string number, numbers.Next(call.now()));
//
// Sequence values are leased from table `number_sequence` in blocks, so that creating does not
// queue on one row: Next asks the database once a block, and well before the block is used up,
// while other threads go on with the rest of it. What a process had leased and not used when it
// ended is a gap. A pattern without {seq} takes values one by one, so that its -2, -3 … leave no
// gaps.
//
// A number can already exist, given by hand or under an earlier pattern: its unique key refuses it,
// and the caller asks for the next one.
//
// Thread-safe. Errors: BAD_TYPE_CODE, BAD_BLOCK_SIZE, those of the database, and ABORTED
// NUMBER_CONTENTION when other replicas were faster too many times.
#ifndef CRM_COMMON_NUMBERING_NUMBER_ALLOCATOR_H_
#define CRM_COMMON_NUMBERING_NUMBER_ALLOCATOR_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/db/pool.h"
#include "common/numbering/number_pattern.h"

namespace crm::numbering {

struct NumberAllocatorOptions {
  std::string name;  // of the sequence
  NumberPattern pattern;
  absl::TimeZone zone;  // of the business dates
  int64_t block = 200;
};

class NumberAllocator {
 public:
  static constexpr int64_t kMaxReserve = 100'000;

  // `pool` outlives the allocator.
  NumberAllocator(NumberAllocatorOptions options, db::Pool& pool);

  // `now` decides the date part. `type`: for patterns with {type}.
  absl::StatusOr<std::string> Next(absl::Time now, std::string_view type = {});

  // `count` numbers in a row, for paper forms: given out for good, used or not.
  absl::StatusOr<std::vector<std::string>> ReserveBlock(absl::Time now, int64_t count,
                                                        std::string_view type = {});

  // Leases at least `count` values at once, so that as many Next of this period follow without the
  // database: before an import.
  absl::Status Prepare(absl::Time now, int64_t count, std::string_view type = {});

 private:
  struct Range {
    int64_t next;
    int64_t end;
  };
  // The values at hand of one period.
  struct Stock {
    std::deque<Range> ranges;
    bool fetching = false;

    int64_t size() const;
    int64_t Take();
  };

  absl::StatusOr<int64_t> NextValue(const std::string& period);
  absl::Status Fetch(const std::string& period, Stock& stock) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Range> Lease(const std::string& period, int64_t count);
  std::shared_ptr<Stock> StockOf(const std::string& period) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const NumberAllocatorOptions options_;
  const int64_t block_;
  db::Pool& pool_;
  Mutex mutex_;  // guards what is in the stocks, too
  std::map<std::string, std::shared_ptr<Stock>> stocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::numbering

#endif  // CRM_COMMON_NUMBERING_NUMBER_ALLOCATOR_H_
