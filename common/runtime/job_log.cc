#include "common/runtime/job_log.h"

#include "common/base/absl_view.h"
#include "common/error/error.h"

namespace crm::runtime {

void JobLog::OnAdd(std::string_view job, absl::Duration interval) { metrics_.OnAdd(job, interval); }

void JobLog::OnRun(std::string_view job, absl::Duration took, const absl::Status& status) {
  metrics_.OnRun(job, took, status);
  if (!IsNews(job, status)) return;
  if (status.ok()) {
    log_.Write(log::Level::kInfo, "job works again", {{"job", job}});
  } else {
    log_.Write(log::Level::kError, "job failed",
               {{"job", job}, {"error", ToStd(status.message())}, {"reason", ErrorReason(status)}});
  }
}

bool JobLog::IsNews(std::string_view job, const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (status.ok()) return failing_.erase(ToAbsl(job)) > 0;
  absl::Status& last = failing_[ToAbsl(job)];
  if (last == status) return false;
  last = status;
  return true;
}

}  // namespace crm::runtime
