// `--export file.csv|file.xlsx --purpose …` of the commands that show a report: the server makes
// the file (crm/report/v1/report_export.proto), this program only writes it down.
#ifndef CRM_TOOLS_CRMCTL_REPORT_EXPORT_H_
#define CRM_TOOLS_CRMCTL_REPORT_EXPORT_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "tools/crmctl/command_tree.h"

namespace crm::cli {

struct ExportArguments {
  std::string file;
  std::string purpose;
  std::string sheet;

  bool wanted() const { return !file.empty(); }
};

bool IsReport(const google::protobuf::MethodDescriptor& method);

// `arguments` outlives the parsing.
void AddExportOptions(const CommandTree& tree, ExportArguments& arguments, CLI::App& app);

// `method`: "crm.sales.v1.SalesReportService/GetFunnel". `sheet`: of a CSV, unless the arguments
// name one. Errors: usage errors; those of the server; FAILED_PRECONDITION, reason FILE_UNWRITABLE.
// What was received of a file that did not come whole is removed.
absl::StatusOr<int> ExportReport(Session& session, const std::string& method,
                                 const google::protobuf::Message& request,
                                 const ExportArguments& arguments, std::string_view sheet = "");

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_REPORT_EXPORT_H_
