// Wakes the streams of this process when its sequencer has given positions. Positions given by
// another replica are found by polling. Thread-safe.
#ifndef CRM_COMMON_EVENT_POSITION_SIGNAL_H_
#define CRM_COMMON_EVENT_POSITION_SIGNAL_H_

#include <algorithm>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace crm::event {

class PositionSignal {
 public:
  void Announce(int64_t newest) {
    MutexLock lock(&mutex_);
    newest_ = std::max(newest_, newest);
  }

  // Returns when a position after `position` was announced, or after `timeout`.
  void WaitBeyond(int64_t position, absl::Duration timeout) const {
    const auto beyond = [&] {
      mutex_.AssertReaderHeld();
      return newest_ > position;
    };
    MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&beyond), timeout);
  }

 private:
  mutable Mutex mutex_;
  int64_t newest_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_POSITION_SIGNAL_H_
