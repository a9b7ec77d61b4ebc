// Running a transaction again after an error that left nothing behind.
//
//   Retry retry(deadline);
//   do status = Attempt(); while (retry.Again(status));
#ifndef CRM_COMMON_DB_RETRY_H_
#define CRM_COMMON_DB_RETRY_H_

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace crm::db {

// Contention and connections lost before the commit: running again is safe and may help.
bool IsRetryable(const absl::Status& status);

// Not thread-safe.
class Retry {
 public:
  static constexpr int kMaxAttempts = 5;

  explicit Retry(absl::Time deadline) : deadline_(deadline) {}

  // True after a jittered pause when `status` is worth another attempt and there is time for one.
  bool Again(const absl::Status& status);

 private:
  const absl::Time deadline_;
  int attempts_ = 1;
  absl::BitGen random_;
};

}  // namespace crm::db

#endif  // CRM_COMMON_DB_RETRY_H_
