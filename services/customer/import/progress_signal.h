// Wakes those who watch imports when one has moved on in this process.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_PROGRESS_SIGNAL_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_PROGRESS_SIGNAL_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace crm::customer::import {

// Thread-safe.
class ProgressSignal {
 public:
  int64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  void Announce() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }

  // Until something has been announced since `count`, or the time is over: imports of other
  // processes are not announced here.
  void Wait(int64_t count, std::chrono::milliseconds at_most) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, at_most, [&] { return count_ != count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int64_t count_ = 0;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_PROGRESS_SIGNAL_H_
