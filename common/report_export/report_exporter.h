// The service crm.report.v1.ReportExportService, for whatever reports a server has.
//
//   CRM_ASSIGN_OR_RETURN(auto exports, ReportExportTable(tables, parts));
//   if (exports.has_value()) server.Add(*exports);
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_EXPORTER_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_EXPORTER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/auth/policy.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/log/logger.h"
#include "common/server/method_table.h"
#include "common/server/staff_directory.h"
#include "prometheus/registry.h"

namespace crm::report_export {

// All outlive the table.
struct ExporterParts {
  const auth::CurrentPolicy* policy;
  const server::StaffDirectory* staff;  // may be null
  db::Pool* pool;
  db::GroupCommitter* committer;
  prometheus::Registry* metrics;
  log::Logger* log;
  absl::TimeZone zone;
};

// None if no method of the tables is a report. Errors: those of ReportCatalog.
absl::StatusOr<std::optional<server::MethodTable>> ReportExportTable(
    absl::Span<const server::MethodTable> tables, const ExporterParts& parts);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_EXPORTER_H_
