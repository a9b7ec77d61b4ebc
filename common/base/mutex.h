// Locks. In ordinary builds these are Abseil's. Debian's Abseil is not built for ThreadSanitizer,
// which therefore does not see that its locks order anything and reports races everywhere; so under
// that sanitizer they are made of the standard library's (docs/adr/0009). Same names, same meaning:
//
//   mutable Mutex mutex_;
//   int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
//   …
//   MutexLock lock(&mutex_);
//   mutex_.Await(absl::Condition(&stopped_));
#ifndef CRM_COMMON_BASE_MUTEX_H_
#define CRM_COMMON_BASE_MUTEX_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#ifdef __SANITIZE_THREAD__

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace crm {

// The part of absl::Mutex that we use. Whoever waits for a condition looks again at each unlock.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  // Notified first: whoever was waited for may be destroyed as soon as it is unlocked.
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    changed_.notify_all();
    mutex_.unlock();
  }
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}
  void AssertReaderHeld() const ABSL_ASSERT_SHARED_LOCK() {}

  void Await(const absl::Condition& condition) {
    AwaitWithDeadline(condition, absl::InfiniteFuture());
  }
  bool AwaitWithTimeout(const absl::Condition& condition, absl::Duration timeout) {
    return AwaitWithDeadline(condition, absl::Now() + timeout);
  }
  bool AwaitWithDeadline(const absl::Condition& condition, absl::Time deadline) {
    std::unique_lock<std::mutex> lock(mutex_, std::adopt_lock);
    bool met = condition.Eval();
    while (!met && absl::Now() < deadline) {
      // In short steps: the end of time is no time_point.
      changed_.wait_for(lock, std::chrono::milliseconds(50));
      met = condition.Eval();
    }
    lock.release();
    return met;
  }

 private:
  friend class CondVar;
  std::mutex mutex_;
  std::condition_variable changed_;
};

class CondVar {
 public:
  void Wait(Mutex* mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  // True if the deadline has passed.
  bool WaitWithDeadline(Mutex* mutex, absl::Time deadline) {
    const absl::Duration left = std::min(deadline - absl::Now(), absl::Seconds(1));
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    changed_.wait_for(lock, absl::ToChronoNanoseconds(left));  // may be woken for nothing
    lock.release();
    return absl::Now() >= deadline;
  }
  void Signal() { changed_.notify_one(); }
  void SignalAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) {
    mutex_->Lock();
  }
  MutexLock(Mutex* mutex, const absl::Condition& condition) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : MutexLock(mutex) {
    mutex_->Await(condition);
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

using ReaderMutexLock = MutexLock;

class Notification {
 public:
  Notification() = default;
  // Whoever has waited may destroy it: not before the notifier has let go of the lock.
  ~Notification() { MutexLock lock(&mutex_); }
  void Notify() {
    MutexLock lock(&mutex_);
    notified_ = true;
  }
  bool HasBeenNotified() const {
    MutexLock lock(&mutex_);
    return notified_;
  }
  void WaitForNotification() const { WaitForNotificationWithTimeout(absl::InfiniteDuration()); }
  bool WaitForNotificationWithTimeout(absl::Duration timeout) const {
    MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&notified_), timeout);
  }

 private:
  mutable Mutex mutex_;
  bool notified_ = false;
};

// Waits for `count` calls of DecrementCount.
class BlockingCounter {
 public:
  explicit BlockingCounter(int count) : count_(count), done_(count == 0) {}
  ~BlockingCounter() { MutexLock lock(&mutex_); }
  // True for the last.
  bool DecrementCount() {
    MutexLock lock(&mutex_);
    done_ = --count_ == 0;
    return done_;
  }
  void Wait() {
    MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
  }

 private:
  Mutex mutex_;
  int count_;
  bool done_;
};

}  // namespace crm

#else

namespace crm {

using BlockingCounter = absl::BlockingCounter;
using CondVar = absl::CondVar;
using Mutex = absl::Mutex;
using MutexLock = absl::MutexLock;
using Notification = absl::Notification;
using ReaderMutexLock = absl::ReaderMutexLock;

}  // namespace crm

#endif  // __SANITIZE_THREAD__

#endif  // CRM_COMMON_BASE_MUTEX_H_
