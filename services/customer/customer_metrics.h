// What the archive holds, for the business dashboards: customers by tier and stage, and how many
// are incomplete (PLT-26). Every replica counts and shows the same numbers: in queries take the
// maximum over replicas, not the sum.
//
//   CustomerMetrics metrics(runtime.metrics(), runtime.pool());
//   runtime.jobs().Add(CustomerMetrics::JobOptions(), metrics.Job());
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_METRICS_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_METRICS_H_

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "common/db/pool.h"
#include "common/job/periodic.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace crm::customer {

// Used by one thread at a time.
class CustomerMetrics {
 public:
  // Makes a series for every tier and stage. Both outlive it.
  CustomerMetrics(prometheus::Registry& registry, db::Pool& pool);

  absl::Status Count();

  job::JobBody Job();
  static job::JobOptions JobOptions();

 private:
  using TierAndStage = std::pair<int, int>;

  db::Pool& pool_;
  std::map<TierAndStage, prometheus::Gauge*> customers_;
  prometheus::Gauge* incomplete_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_METRICS_H_
