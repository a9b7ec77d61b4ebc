#include "common/server/work_queue.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/mutex.h"

namespace crm::server {
namespace {

// Behind the threads that take in calls and send answers: when the processors are all busy, calls
// that are too many must still be refused at once.
constexpr int kNice = 10;

void StepBehindPollers() {
  // Of this thread alone, on Linux. Without effect where it is not allowed.
  setpriority(PRIO_PROCESS, 0, kNice);
}

}  // namespace

WorkQueue::WorkQueue(int max_threads, Run run)
    : max_threads_(static_cast<size_t>(max_threads)), run_(std::move(run)) {}

void WorkQueue::Push(absl::Span<Call* const> calls) {
  if (calls.empty()) return;
  MutexLock lock(&mutex_);
  ready_.insert(ready_.end(), calls.begin(), calls.end());
  WakeThreads(calls.size());
}

void WorkQueue::PushFront(Call& call, absl::Duration delay) {
  MutexLock lock(&mutex_);
  if (delay > absl::ZeroDuration()) {
    delayed_.emplace(absl::Now() + delay, &call);
  } else {
    ready_.push_front(&call);
  }
  WakeThreads(1);
}

void WorkQueue::WakeThreads(size_t work) {
  for (size_t i = 0; i < std::min(work, idle_); ++i) wake_.Signal();
  // A thread that was woken for earlier work, and has not come to take it, is not there for this.
  const size_t wanted = std::max(ready_.size(), work);
  for (; idle_ < wanted && threads_.size() < max_threads_; ++idle_) {
    threads_.emplace_back(&WorkQueue::Work, this);
  }
}

void WorkQueue::Stop() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.SignalAll();
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void WorkQueue::Work() {
  StepBehindPollers();
  while (Call* call = Take()) {
    run_(*call);
    MutexLock lock(&mutex_);
    ++idle_;
  }
}

Call* WorkQueue::Take() {
  MutexLock lock(&mutex_);
  for (;;) {
    MoveDueToFront();
    if (!ready_.empty()) break;
    if (stopping_ && delayed_.empty()) return nullptr;
    wake_.WaitWithDeadline(&mutex_,
                           delayed_.empty() ? absl::InfiniteFuture() : delayed_.begin()->first);
  }
  Call* call = ready_.front();
  ready_.pop_front();
  --idle_;
  return call;
}

void WorkQueue::MoveDueToFront() {
  if (delayed_.empty()) return;
  const auto end = delayed_.upper_bound(absl::Now());
  for (auto it = delayed_.begin(); it != end; ++it) ready_.push_front(it->second);
  delayed_.erase(delayed_.begin(), end);
}

}  // namespace crm::server
