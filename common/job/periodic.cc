#include "common/job/periodic.h"

#include <algorithm>
#include <utility>

#include "common/base/mutex.h"

namespace crm::job {
namespace {

constexpr int kMaxDoublings = 20;

}  // namespace

PeriodicJob::PeriodicJob(JobOptions options, JobBody body, const Clock& clock,
                         JobObserver* observer)
    : options_(std::move(options)),
      body_(std::move(body)),
      clock_(clock),
      observer_(observer),
      random_(static_cast<uint32_t>(std::hash<std::string>()(options_.name) ^
                                    absl::ToUnixNanos(clock.Now()))) {}

absl::Duration PeriodicJob::WithJitter(absl::Duration pause) {
  return pause + pause * std::uniform_real_distribution<double>(0.0, options_.jitter)(random_);
}

absl::Time PeriodicJob::NextDue(const absl::StatusOr<absl::Time>& result, absl::Time now) {
  if (!result.ok()) {
    const int doublings = std::min(stats_.errors_in_a_row - 1, kMaxDoublings);
    const absl::Duration pause = options_.first_retry * static_cast<double>(1 << doublings);
    return now + WithJitter(std::min(pause, options_.last_retry));
  }
  if (*result < now + options_.interval) return *result;
  return now + WithJitter(options_.interval);
}

absl::Time PeriodicJob::RunOnce(const std::stop_token& stop) {
  const absl::Time start = clock_.Now();
  const absl::StatusOr<absl::Time> result = body_(stop);
  const absl::Time end = clock_.Now();
  if (observer_ != nullptr) observer_->OnRun(options_.name, end - start, result.status());
  MutexLock lock(&mutex_);
  ++stats_.runs;
  stats_.last_status = result.status();
  if (result.ok()) {
    stats_.errors_in_a_row = 0;
  } else {
    ++stats_.errors;
    ++stats_.errors_in_a_row;
  }
  return NextDue(result, end);
}

void PeriodicJob::Notify() {
  MutexLock lock(&mutex_);
  notified_ = true;
}

void PeriodicJob::Rest() {
  MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), options_.rest);
}

bool PeriodicJob::WaitUntil(absl::Time due, const std::stop_token& stop) {
  const auto awake = [this, &stop] {
    mutex_.AssertReaderHeld();
    return notified_ || stopping_ || stop.stop_requested();
  };
  MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&awake), due - clock_.Now());
  notified_ = false;
  return !stopping_ && !stop.stop_requested();
}

void PeriodicJob::Loop(const std::stop_token& stop) {
  // The mutex looks at its conditions again when it is released: so a stop wakes the wait.
  const std::stop_callback wake(stop, [this] {
    MutexLock lock(&mutex_);
    stopping_ = true;
  });
  absl::Time due = clock_.Now();
  while (WaitUntil(due, stop)) {
    due = RunOnce(stop);
    Rest();
  }
}

JobStats PeriodicJob::stats() const {
  MutexLock lock(&mutex_);
  return stats_;
}

PeriodicJob& JobRunner::Add(JobOptions options, JobBody body) {
  if (observer_ != nullptr) observer_->OnAdd(options.name, options.interval);
  jobs_.push_back(
      std::make_unique<PeriodicJob>(std::move(options), std::move(body), clock_, observer_));
  return *jobs_.back();
}

void JobRunner::Start() {
  for (const std::unique_ptr<PeriodicJob>& job : jobs_) {
    threads_.emplace_back([&job = *job](const std::stop_token& stop) { job.Loop(stop); });
  }
}

void JobRunner::Stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();  // joins
}

}  // namespace crm::job
