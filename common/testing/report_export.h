// What tests of services ask of exports.
#ifndef CRM_COMMON_TESTING_REPORT_EXPORT_H_
#define CRM_COMMON_TESTING_REPORT_EXPORT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/testing/service_harness.h"
#include "crm/event/v1/event.pb.h"
#include "crm/report/v1/report_export.pb.h"
#include "google/protobuf/message.h"

namespace crm::testing {

// An export, read back by the reader of imports.
struct Exported {
  crm::report::v1::ExportedFile file;
  std::string bytes;
  std::vector<std::vector<std::string>> rows;  // of the CSV, or of the first sheet

  std::vector<std::vector<std::string>> Sheet(const std::string& name) const;
  std::vector<std::string> SheetNames() const;
};

absl::StatusOr<Exported> ExportReport(Replica& replica, const std::string& token,
                                      const crm::report::v1::ExportReportRequest& request,
                                      const std::string& language = "");

// The records of exports: events `report.exported`, once there is one.
std::vector<crm::event::v1::Event> ExportEvents(ServiceHarness& harness);

// What a report asks for, by field names that are the same everywhere.
inline const std::map<std::string, std::string>& ReportPeriod() {
  static const auto& values = *new std::map<std::string, std::string>{
      {"from_date", "2026-03-01"}, {"to_date", "2026-03-31"}, {"period", "2026-03"},
      {"from_month", "2026-03"},   {"to_month", "2026-03"},   {"month", "2026-03"}};
  return values;
}

// A request for all of a report, as a workbook; its required fields from `values`.
crm::report::v1::ExportReportRequest ExportRequest(
    const std::string& method, const std::map<std::string, std::string>& values = ReportPeriod());
crm::report::v1::ExportReportRequest ExportRequest(const std::string& method,
                                                   const google::protobuf::Message& request);

// Full names `package.Service/Method` of the reports of a package (`crm.sales.v1`), sorted.
std::vector<std::string> ReportsOf(const std::string& package);
// Those that look like reports and do not say so.
std::vector<std::string> UndeclaredReportsOf(const std::string& package);

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTING_REPORT_EXPORT_H_
