#include "common/metrics/sample.h"

#include <utility>

#include "common/metrics/definition.h"

namespace crm::metrics {

prometheus::MetricFamily EmptyFamily(std::string_view name) {
  const Definition& definition = PlatformMetric(name);
  prometheus::MetricFamily family;
  family.name = std::string(definition.name);
  family.help = std::string(definition.help);
  family.type = definition.type == Type::kCounter ? prometheus::MetricType::Counter
                                                  : prometheus::MetricType::Gauge;
  return family;
}

void AddSample(prometheus::MetricFamily& family, const Labels& labels, double value) {
  prometheus::ClientMetric metric;
  for (const auto& [label, text] : labels) metric.label.push_back({label, text});
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

prometheus::MetricFamily Sample(std::string_view name, double value) {
  prometheus::MetricFamily family = EmptyFamily(name);
  AddSample(family, {}, value);
  return family;
}

}  // namespace crm::metrics
