// Public numbers of a pattern that an administrator can change while they are given out (CUS-1).
//
//   CurrentNumbers numbers({.name = "customer", .pattern = *pattern, .zone = shanghai}, pool);
//   numbers.SetPattern(*other);                     // the next call gives numbers of that form
//   CRM_ASSIGN_OR_RETURN(std::string number, numbers.Next(call.now()));
//
// The sequence of a date goes on where it was when both patterns have the same date part, so no
// value is given twice. Errors as NumberAllocator. Thread-safe: a call in progress ends with the
// pattern it began with.
#ifndef CRM_COMMON_NUMBERING_CURRENT_NUMBERS_H_
#define CRM_COMMON_NUMBERING_CURRENT_NUMBERS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/pool.h"
#include "common/numbering/number_allocator.h"

namespace crm::numbering {

class CurrentNumbers {
 public:
  // `pool` outlives this.
  CurrentNumbers(NumberAllocatorOptions options, db::Pool& pool);

  // Leaves what is at hand of the old pattern unused: gaps. Nothing happens if it is the same.
  void SetPattern(NumberPattern pattern);
  std::string pattern() const;

  absl::StatusOr<std::string> Next(absl::Time now, std::string_view type = {}) {
    return Allocator()->Next(now, type);
  }
  absl::StatusOr<std::vector<std::string>> ReserveBlock(absl::Time now, int64_t count,
                                                        std::string_view type = {}) {
    return Allocator()->ReserveBlock(now, count, type);
  }
  absl::Status Prepare(absl::Time now, int64_t count, std::string_view type = {}) {
    return Allocator()->Prepare(now, count, type);
  }

 private:
  std::shared_ptr<NumberAllocator> Allocator() const;

  db::Pool& pool_;
  mutable std::shared_mutex mutex_;
  NumberAllocatorOptions options_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<NumberAllocator> allocator_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::numbering

#endif  // CRM_COMMON_NUMBERING_CURRENT_NUMBERS_H_
