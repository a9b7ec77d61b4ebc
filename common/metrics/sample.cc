#include "common/metrics/sample.h"

#include "common/metrics/definition.h"

namespace crm::metrics {

prometheus::MetricFamily Sample(std::string_view name, double value) {
  const Definition& definition = PlatformMetric(name);
  prometheus::MetricFamily family;
  family.name = std::string(definition.name);
  family.help = std::string(definition.help);
  prometheus::ClientMetric metric;
  if (definition.type == Type::kCounter) {
    family.type = prometheus::MetricType::Counter;
    metric.counter.value = value;
  } else {
    family.type = prometheus::MetricType::Gauge;
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
  return family;
}

}  // namespace crm::metrics
