#include "common/db/retry.h"

#include "absl/time/clock.h"
#include "common/db/db_error.h"

namespace crm::db {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(2);

}  // namespace

bool IsRetryable(const absl::Status& status) {
  const DbErrorClass cls = ClassOf(status);
  return cls == DbErrorClass::kRetryable || cls == DbErrorClass::kConnectionLost;
}

bool Retry::Again(const absl::Status& status) {
  if (attempts_ >= kMaxAttempts || !IsRetryable(status)) return false;
  const absl::Duration longest = kFirstPause * (1 << attempts_++);
  const absl::Duration pause = longest * absl::Uniform(random_, 0.5, 1.0);
  if (absl::Now() + pause >= deadline_) return false;
  absl::SleepFor(pause);
  return true;
}

}  // namespace crm::db
