// The pipeline for the business dashboards (PLT-26): opportunities and amount by pipeline,
// stage and kind of stage. Every replica counts and shows the same numbers: in queries take the
// maximum over replicas.
//
//   SalesMetrics metrics(runtime.metrics(), runtime.pool(), [&] { return pipelines.Get(); });
//   runtime.jobs().Add(SalesMetrics::JobOptions(), metrics.Job());
#ifndef CRM_SERVICES_SALES_SALES_METRICS_H_
#define CRM_SERVICES_SALES_SALES_METRICS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"
#include "services/sales/pipelines.h"

namespace crm::sales {

// Used by one thread at a time.
class SalesMetrics {
 public:
  using PipelinesInForce = std::function<std::shared_ptr<const Pipelines>()>;

  // Both outlive it. Every stage of the pipelines in force has its series, also an empty one.
  SalesMetrics(prometheus::Registry& registry, db::Pool& pool, PipelinesInForce pipelines);

  absl::Status Count();

  job::JobBody Job();
  static job::JobOptions JobOptions();

 private:
  // Pipeline, stage and what the stage was when the opportunities entered it (SAL-19): the pipeline
  // of today may have another one, or none of that code.
  using Place = std::tuple<std::string, std::string, v1::StageKind>;
  struct Gauges {
    prometheus::Gauge* opportunities;
    prometheus::Gauge* amount;
  };
  Gauges& GaugesOf(const Place& place);

  db::Pool& pool_;
  const PipelinesInForce pipelines_;
  prometheus::Family<prometheus::Gauge>& opportunities_;
  prometheus::Family<prometheus::Gauge>& amount_;
  std::map<Place, Gauges> gauges_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SALES_METRICS_H_
