#include "common/metrics/db_metrics.h"

#include "common/base/absl_view.h"
#include "common/base/mutex.h"
#include "common/metrics/definition.h"
#include "common/metrics/sample.h"

namespace crm::metrics {

DbMetrics::DbMetrics(prometheus::Registry& registry)
    : seconds_(HistogramFamily(registry, PlatformMetric("crm_db_statement_seconds"))),
      errors_(CounterFamily(registry, PlatformMetric("crm_db_statement_errors_total"))),
      retries_(CounterFamily(registry, PlatformMetric("crm_db_retries_total"))),
      acquire_(HistogramFamily(registry, PlatformMetric("crm_db_acquire_seconds"))
                   .Add({}, LatencyBuckets())),
      acquire_failures_(
          CounterFamily(registry, PlatformMetric("crm_db_acquire_failures_total")).Add({})) {}

void DbMetrics::OnStatement(std::string_view query_name, absl::Duration took, bool ok) {
  const QuerySeries series = SeriesOf(query_name);
  series.seconds->Observe(absl::ToDoubleSeconds(took));
  if (!ok) series.errors->Increment();
}

void DbMetrics::OnAcquire(absl::Duration waited, bool ok) {
  acquire_.Observe(absl::ToDoubleSeconds(waited));
  if (!ok) acquire_failures_.Increment();
}

void DbMetrics::OnRetry(std::string_view reason) {
  retries_.Add({{"reason", std::string(reason)}}).Increment();
}

DbMetrics::QuerySeries DbMetrics::SeriesOf(std::string_view query_name) {
  {
    ReaderMutexLock lock(&mutex_);
    const auto found = queries_.find(ToAbsl(query_name));
    if (found != queries_.end()) return found->second;
  }
  const std::string name(query_name);
  const QuerySeries series{&seconds_.Add({{"query", name}}, LatencyBuckets()),
                           &errors_.Add({{"query", name}})};
  MutexLock lock(&mutex_);
  return queries_.emplace(name, series).first->second;
}

std::vector<prometheus::MetricFamily> PoolCollector::Collect() const {
  return {Sample("crm_db_pool_in_use", pool_.in_use()), Sample("crm_db_pool_open", pool_.open()),
          Sample("crm_db_pool_max", pool_.options().max_connections)};
}

}  // namespace crm::metrics
