#include "common/metrics/job_metrics.h"

#include "common/base/absl_view.h"
#include "common/metrics/definition.h"

namespace crm::metrics {
namespace {

double UnixSeconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

// A job waits for the network and the database and works through batches: up to minutes.
const prometheus::Histogram::BucketBoundaries& RunBuckets() {
  static const auto* const kBuckets =
      new prometheus::Histogram::BucketBoundaries{0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60, 300};
  return *kBuckets;
}

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry& registry, const Clock& clock)
    : clock_(clock),
      seconds_(HistogramFamily(registry, PlatformMetric("crm_job_seconds"))),
      failures_(CounterFamily(registry, PlatformMetric("crm_job_failures_total"))),
      intervals_(GaugeFamily(registry, PlatformMetric("crm_job_interval_seconds"))),
      last_success_(
          GaugeFamily(registry, PlatformMetric("crm_job_last_success_timestamp_seconds"))) {}

void JobMetrics::OnAdd(std::string_view job, absl::Duration interval) {
  // Not `job`: that is what Prometheus calls a group of scraped processes.
  const std::string name(job);
  intervals_.Add({{"job_name", name}}).Set(absl::ToDoubleSeconds(interval));
  const Series series{&seconds_.Add({{"job_name", name}}, RunBuckets()),
                      &failures_.Add({{"job_name", name}}),
                      &last_success_.Add({{"job_name", name}})};
  series.last_success->Set(UnixSeconds(clock_.Now()));
  MutexLock lock(&mutex_);
  jobs_.insert_or_assign(name, series);
}

void JobMetrics::OnRun(std::string_view job, absl::Duration took, const absl::Status& status) {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(ToAbsl(job));
  if (found == jobs_.end()) return;
  const Series& series = found->second;
  series.seconds->Observe(absl::ToDoubleSeconds(took));
  if (status.ok()) {
    series.last_success->Set(UnixSeconds(clock_.Now()));
  } else {
    series.failures->Increment();
  }
}

}  // namespace crm::metrics
