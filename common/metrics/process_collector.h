// The usual `process_*` metrics of this process, read from /proc when it is scraped. What cannot be
// read is left out.
#ifndef CRM_COMMON_METRICS_PROCESS_COLLECTOR_H_
#define CRM_COMMON_METRICS_PROCESS_COLLECTOR_H_

#include <vector>

#include "prometheus/collectable.h"

namespace crm::metrics {

// Thread-safe.
class ProcessCollector : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_PROCESS_COLLECTOR_H_
