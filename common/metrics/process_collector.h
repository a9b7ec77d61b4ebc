// The usual `process_*` metrics of this process, read from /proc when it is scraped. What cannot be
// read is left out.
#ifndef CRM_COMMON_METRICS_PROCESS_COLLECTOR_H_
#define CRM_COMMON_METRICS_PROCESS_COLLECTOR_H_

#include <optional>
#include <string>
#include <vector>

#include "prometheus/collectable.h"

namespace crm::metrics {

// The limit that the control group mounted at `folder` (/sys/fs/cgroup) sets, of either version;
// none if it sets none.
std::optional<double> MemoryLimitOf(const std::string& folder);

// Thread-safe.
class ProcessCollector : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_PROCESS_COLLECTOR_H_
