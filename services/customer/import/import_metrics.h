// What imports tell the monitoring (PLT-26).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_METRICS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_METRICS_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/metrics/definition.h"
#include "crm/customer/v1/import.pb.h"
#include "prometheus/registry.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// Thread-safe.
class ImportMetrics {
 public:
  explicit ImportMetrics(prometheus::Registry& registry);

  static absl::Span<const metrics::Definition> Definitions();

  void CountRows(RowOutcome outcome, int64_t rows);
  void ObserveBatch(absl::Duration took);
  // An import that this replica has ended.
  void CountEnd(v1::ImportState state);
  void SetRunning(int64_t jobs);

 private:
  std::array<prometheus::Counter*, 5> rows_{};
  prometheus::Histogram* batch_seconds_;
  prometheus::Family<prometheus::Gauge>& jobs_;
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_METRICS_H_
