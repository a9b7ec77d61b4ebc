// What the database costs: time by query name, waiting for connections, retries (PLT-26).
//
//   DbMetrics db_metrics(registry);
//   db::Pool pool(options, &db_metrics);
//   PoolCollector pool_gauges(pool);   // registered with the MetricsServer
//
// Thread-safe.
#ifndef CRM_COMMON_METRICS_DB_METRICS_H_
#define CRM_COMMON_METRICS_DB_METRICS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "common/base/mutex.h"
#include "common/db/pool.h"
#include "prometheus/collectable.h"
#include "prometheus/counter.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace crm::metrics {

class DbMetrics : public db::StatementObserver {
 public:
  explicit DbMetrics(prometheus::Registry& registry);

  void OnStatement(std::string_view query_name, absl::Duration took, bool ok) override;
  void OnAcquire(absl::Duration waited, bool ok) override;
  void OnRetry(std::string_view reason) override;

 private:
  struct QuerySeries {
    prometheus::Histogram* seconds;
    prometheus::Counter* errors;
  };

  QuerySeries SeriesOf(std::string_view query_name);

  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& errors_;
  prometheus::Family<prometheus::Counter>& retries_;
  prometheus::Histogram& acquire_;
  prometheus::Counter& acquire_failures_;
  Mutex mutex_;
  // Query names are constants of the program, so the number of series is bounded.
  absl::flat_hash_map<std::string, QuerySeries> queries_ ABSL_GUARDED_BY(mutex_);
};

// Reads a pool's gauges when it is scraped. The pool outlives it.
class PoolCollector : public prometheus::Collectable {
 public:
  explicit PoolCollector(const db::Pool& pool) : pool_(pool) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const db::Pool& pool_;
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_DB_METRICS_H_
