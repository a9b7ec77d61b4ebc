// The pipeline for the business dashboards (PLT-26): opportunities and amount by pipeline and
// stage. Every replica counts and shows the same numbers: in queries take the maximum over
// replicas.
//
//   SalesMetrics metrics(runtime.metrics(), runtime.pool());
//   runtime.jobs().Add(SalesMetrics::JobOptions(), metrics.Job());
#ifndef CRM_SERVICES_SALES_SALES_METRICS_H_
#define CRM_SERVICES_SALES_SALES_METRICS_H_

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace crm::sales {

// Used by one thread at a time.
class SalesMetrics {
 public:
  // Both outlive it.
  SalesMetrics(prometheus::Registry& registry, db::Pool& pool);

  absl::Status Count();

  job::JobBody Job();
  static job::JobOptions JobOptions();

 private:
  using PipelineAndStage = std::pair<std::string, std::string>;
  struct Gauges {
    prometheus::Gauge* opportunities;
    prometheus::Gauge* amount;
  };
  Gauges& GaugesOf(const PipelineAndStage& place);

  db::Pool& pool_;
  prometheus::Family<prometheus::Gauge>& opportunities_;
  prometheus::Family<prometheus::Gauge>& amount_;
  std::map<PipelineAndStage, Gauges> gauges_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SALES_METRICS_H_
