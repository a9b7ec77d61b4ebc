// Threads that work on calls in order of arrival.
//
//   WorkQueue queue(6, [&](Call& call) { pipeline.RunUnary(call); });
//   queue.Push(calls);
//
// Threads are started when there is work for them. Thread-safe.
#ifndef CRM_COMMON_SERVER_WORK_QUEUE_H_
#define CRM_COMMON_SERVER_WORK_QUEUE_H_

#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"

namespace crm::server {

class Call;

class WorkQueue {
 public:
  using Run = std::function<void(Call&)>;

  WorkQueue(int max_threads, Run run);
  ~WorkQueue() { Stop(); }

  // At the back, with one lock for all.
  void Push(absl::Span<Call* const> calls);
  // At the front, once `delay` has passed.
  void PushFront(Call& call, absl::Duration delay);

  // Works on everything that was pushed, then ends the threads.
  void Stop();

 private:
  void Work();
  // Null = stopped and nothing is left.
  Call* Take();
  void MoveDueToFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeThreads(size_t work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_threads_;
  const Run run_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<Call*> ready_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, Call*> delayed_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  // Threads that work on no call: they wait, have been woken, or are about to start.
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_WORK_QUEUE_H_
