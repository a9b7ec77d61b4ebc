// Named background jobs (PLT-22): they run when their work is due or when told, never busily.
//
//   JobRunner runner(clock, &observer);
//   PeriodicJob& overdue = runner.Add({.name = "overdue", .interval = absl::Minutes(1)},
//       [&](const std::stop_token&) -> absl::StatusOr<absl::Time> {
//         CRM_RETURN_IF_ERROR(escalate());
//         return next_due_time();      // InfiniteFuture = at the next interval
//       });
//   runner.Start();
//   overdue.Notify();                  // cheap, from any thread: there may be work
//   …
//   runner.Stop();
//
// Each job has a thread of its own, so a slow one delays no other, and never runs twice at a time.
// A job that fails is run again after a pause that doubles with each failure. Tests need no thread:
// `job.RunOnce()`.
#ifndef CRM_COMMON_JOB_PERIODIC_H_
#define CRM_COMMON_JOB_PERIODIC_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace crm::job {

// Does what is due and tells when to come back: a time that has passed = at once, later than the
// interval = after the interval. Long ones look at the token between pieces of work. Safe to stop
// and to repeat at any point.
using JobBody = std::function<absl::StatusOr<absl::Time>(const std::stop_token& stop)>;

struct JobOptions {
  std::string name;                            // snake_case or kebab-case; labels metrics
  absl::Duration interval = absl::Minutes(1);  // the longest pause
  // Adds up to this share of the pause, so that replicas do not come in step.
  double jitter = 0.1;
  // The shortest pause after a run, whoever notifies: work that comes in a stream is done in
  // batches.
  absl::Duration rest = absl::ZeroDuration();
  absl::Duration first_retry = absl::Milliseconds(200);
  absl::Duration last_retry = absl::Seconds(30);
};

// Told about every job when it is added, and about every run, on the job's thread: feeds crm_job_*
// metrics and the log.
struct JobObserver {
  virtual ~JobObserver() = default;
  virtual void OnAdd(std::string_view /*job*/, absl::Duration /*interval*/) {}
  virtual void OnRun(std::string_view job, absl::Duration took, const absl::Status& status) = 0;
};

struct JobStats {
  int64_t runs = 0;
  int64_t errors = 0;
  int errors_in_a_row = 0;
  absl::Status last_status;
};

class PeriodicJob {
 public:
  // `clock` and `observer` (may be null) outlive the job.
  PeriodicJob(JobOptions options, JobBody body, const Clock& clock, JobObserver* observer);

  // Runs the body on this thread and gives the time it is due again.
  absl::Time RunOnce(const std::stop_token& stop = {});

  // Makes it due now. During a run: once more after it.
  void Notify();

  JobStats stats() const;
  const std::string& name() const { return options_.name; }

 private:
  friend class JobRunner;

  void Loop(const std::stop_token& stop);
  void Rest();
  // False when stopped.
  bool WaitUntil(absl::Time due, const std::stop_token& stop);
  absl::Time NextDue(const absl::StatusOr<absl::Time>& result, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration WithJitter(absl::Duration pause) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const JobOptions options_;
  const JobBody body_;
  const Clock& clock_;
  JobObserver* const observer_;
  mutable Mutex mutex_;
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  JobStats stats_ ABSL_GUARDED_BY(mutex_);
  std::minstd_rand random_ ABSL_GUARDED_BY(mutex_);
};

// Add, Start and Stop belong to one thread.
class JobRunner {
 public:
  explicit JobRunner(const Clock& clock, JobObserver* observer = nullptr)
      : clock_(clock), observer_(observer) {}
  ~JobRunner() { Stop(); }

  // Before Start. The job lives as long as the runner.
  PeriodicJob& Add(JobOptions options, JobBody body);

  // Every job runs at once, then when due.
  void Start();
  // Returns when the runs in progress have ended.
  void Stop();

 private:
  const Clock& clock_;
  JobObserver* const observer_;
  std::vector<std::unique_ptr<PeriodicJob>> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace crm::job

#endif  // CRM_COMMON_JOB_PERIODIC_H_
