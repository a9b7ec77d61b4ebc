// Tells the log and the metrics about background jobs. A job that goes on failing for the same
// reason is logged once, and once when it works again; how often it fails is a metric.
#ifndef CRM_COMMON_RUNTIME_JOB_LOG_H_
#define CRM_COMMON_RUNTIME_JOB_LOG_H_

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/job/periodic.h"
#include "common/log/logger.h"

namespace crm::runtime {

// Thread-safe.
class JobLog : public job::JobObserver {
 public:
  // Both outlive it.
  JobLog(log::Logger& log, job::JobObserver& metrics) : log_(log), metrics_(metrics) {}

  void OnAdd(std::string_view job, absl::Duration interval) override;
  void OnRun(std::string_view job, absl::Duration took, const absl::Status& status) override;

 private:
  // Whether the outcome differs from that of the run before.
  bool IsNews(std::string_view job, const absl::Status& status);

  log::Logger& log_;
  job::JobObserver& metrics_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, absl::Status> failing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::runtime

#endif  // CRM_COMMON_RUNTIME_JOB_LOG_H_
