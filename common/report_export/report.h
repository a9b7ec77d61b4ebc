// Which RPCs are reports: those that say so in their proto,
//
//   option (crm.options.v1.report) = {label: {zh: "销售漏斗", en: "Sales funnel"}};
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/schema/language.h"
#include "common/server/method_table.h"
#include "google/protobuf/descriptor.h"

namespace crm::report_export {

struct Report {
  const google::protobuf::MethodDescriptor* method;
  std::string name;  // "crm.sales.v1.SalesReportService/GetFunnel"
  std::string permission;
  server::MethodEntry entry;

  std::string Label(schema::Language language) const;
};

// The reports of a server. Immutable.
class ReportCatalog {
 public:
  // FAILED_PRECONDITION with METHODS_INVALID for a report that is not a plain unary RPC.
  static absl::StatusOr<ReportCatalog> Of(absl::Span<const server::MethodTable> tables);

  const std::map<std::string, Report, std::less<>>& reports() const { return reports_; }
  // Null if there is none of that name.
  const Report* Find(std::string_view name) const;
  // Why there is none: METHOD_UNKNOWN, or METHOD_NOT_A_REPORT.
  absl::Status WhyNot(std::string_view name) const;

 private:
  std::map<std::string, Report, std::less<>> reports_;
};

bool IsReport(const google::protobuf::MethodDescriptor& method);

// Whether its name or its permission says that it is a report: then it should declare it.
bool LooksLikeReport(const google::protobuf::MethodDescriptor& method);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_H_
