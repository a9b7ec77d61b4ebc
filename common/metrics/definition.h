// Every metric of the shared mechanisms in one table: name, type, labels, help. Series are made
// from it, the documentation and the golden test print it, so the three cannot differ (PLT-26).
#ifndef CRM_COMMON_METRICS_DEFINITION_H_
#define CRM_COMMON_METRICS_DEFINITION_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace crm::metrics {

enum class Type { kCounter, kGauge, kHistogram };

struct Definition {
  std::string_view name;  // with the unit: `_seconds`, `_bytes`, `_total`
  Type type;
  std::string_view labels;  // comma separated; no label with unbounded values
  std::string_view help;
};

// Of RPCs, the database, the process and the build, sorted by name.
absl::Span<const Definition> PlatformMetrics();

// One line a metric: `name type{labels} help`.
std::string Describe(absl::Span<const Definition> definitions);

prometheus::Family<prometheus::Counter>& CounterFamily(prometheus::Registry& registry,
                                                       const Definition& definition);
prometheus::Family<prometheus::Gauge>& GaugeFamily(prometheus::Registry& registry,
                                                   const Definition& definition);
prometheus::Family<prometheus::Histogram>& HistogramFamily(prometheus::Registry& registry,
                                                           const Definition& definition);

// The platform metric of that name, which exists.
const Definition& PlatformMetric(std::string_view name);

// Bounds in seconds that include the default objective (0.1) and limit (3) of an RPC.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets();

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_DEFINITION_H_
