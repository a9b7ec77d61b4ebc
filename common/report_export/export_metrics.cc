#include "common/report_export/export_metrics.h"

#include "common/metrics/definition.h"

namespace crm::report_export {
namespace {

namespace v1 = crm::report::v1;

struct FormatName {
  v1::ExportFormat format;
  const char* name;
};
constexpr FormatName kFormats[] = {{v1::EXPORT_FORMAT_CSV, "csv"},
                                   {v1::EXPORT_FORMAT_XLSX, "xlsx"}};

constexpr const char* kOutcomes[] = {"done", "denied", "refused", "busy", "cut", "failed"};

const char* OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return "done";
    case absl::StatusCode::kPermissionDenied:
      return "denied";
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
      return "refused";
    case absl::StatusCode::kResourceExhausted:
      return "busy";
    case absl::StatusCode::kCancelled:
      return "cut";
    default:
      return "failed";
  }
}

}  // namespace

ExportMetrics::ExportMetrics(prometheus::Registry& registry, const ReportCatalog& catalog) {
  auto& family =
      metrics::CounterFamily(registry, metrics::PlatformMetric("crm_report_exports_total"));
  for (const auto& [name, report] : catalog.reports()) {
    for (const FormatName& format : kFormats) {
      for (const char* outcome : kOutcomes) {
        counters_[{name, format.format, outcome}] =
            &family.Add({{"grpc_service", report.method->service()->full_name()},
                         {"grpc_method", report.method->name()},
                         {"format", format.name},
                         {"outcome", outcome}});
      }
    }
  }
}

void ExportMetrics::Count(const Report& report, v1::ExportFormat format,
                          const absl::Status& status) {
  const auto found = counters_.find({report.name, format, OutcomeOf(status)});
  if (found != counters_.end()) found->second->Increment();
}

}  // namespace crm::report_export
