// What becomes of exports: crm_report_exports_total by report, format and outcome.
#ifndef CRM_COMMON_REPORT_EXPORT_EXPORT_METRICS_H_
#define CRM_COMMON_REPORT_EXPORT_EXPORT_METRICS_H_

#include <map>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "common/report_export/report.h"
#include "crm/report/v1/report_export.pb.h"
#include "prometheus/counter.h"
#include "prometheus/registry.h"

namespace crm::report_export {

// Thread-safe. All series are made at start.
class ExportMetrics {
 public:
  ExportMetrics(prometheus::Registry& registry, const ReportCatalog& catalog);

  void Count(const Report& report, crm::report::v1::ExportFormat format,
             const absl::Status& status);

 private:
  // Report, format, outcome.
  std::map<std::tuple<std::string, int, std::string>, prometheus::Counter*> counters_;
};

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_EXPORT_METRICS_H_
