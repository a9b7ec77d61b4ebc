// What background jobs do: how often they run, how long, whether they fail, when they last worked
// (PLT-26). All series of a job are made when it is added.
//
//   JobMetrics job_metrics(registry, clock);
//   job::JobRunner jobs(clock, &job_metrics);
//
// Thread-safe.
#ifndef CRM_COMMON_METRICS_JOB_METRICS_H_
#define CRM_COMMON_METRICS_JOB_METRICS_H_

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/job/periodic.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace crm::metrics {

class JobMetrics : public job::JobObserver {
 public:
  // Both outlive it.
  JobMetrics(prometheus::Registry& registry, const Clock& clock);

  void OnAdd(std::string_view job, absl::Duration interval) override;
  void OnRun(std::string_view job, absl::Duration took, const absl::Status& status) override;

 private:
  struct Series {
    prometheus::Histogram* seconds;
    prometheus::Counter* failures;
    prometheus::Gauge* last_success;
  };

  const Clock& clock_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& failures_;
  prometheus::Family<prometheus::Gauge>& intervals_;
  prometheus::Family<prometheus::Gauge>& last_success_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Series> jobs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_JOB_METRICS_H_
