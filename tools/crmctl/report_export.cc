#include "tools/crmctl/report_export.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "crm/options/v1/report.pb.h"
#include "crm/report/v1/report_export.pb.h"
#include "tools/crmctl/whole_file.h"

namespace crm::cli {
namespace {

using report::v1::ExportReportRequest;
using report::v1::ExportReportResponse;

constexpr char kExport[] = "/crm.report.v1.ReportExportService/ExportReport";

absl::StatusOr<report::v1::ExportFormat> FormatOf(const std::string& file, const Session& session) {
  const std::string name = absl::AsciiStrToLower(file);
  if (absl::EndsWith(name, ".csv")) return report::v1::EXPORT_FORMAT_CSV;
  if (absl::EndsWith(name, ".xlsx")) return report::v1::EXPORT_FORMAT_XLSX;
  return UsageError(session.Say("导出文件须以 .csv 或 .xlsx 结尾",
                                "the name of an export ends with .csv or .xlsx"));
}

absl::StatusOr<report::v1::ExportedFile> Receive(client::AnyServerStream& stream,
                                                 const std::string& path, const Session& session) {
  WholeFile out(path);
  report::v1::ExportedFile file;
  ExportReportResponse message;
  while (stream.Next(message)) {
    if (message.has_file()) file = message.file();
    if (!out.Write(message.data())) return Unwritable(path, session);
  }
  CRM_RETURN_IF_ERROR(stream.Finish());
  if (!out.Finish()) return Unwritable(path, session);
  return file;
}

}  // namespace

bool IsReport(const google::protobuf::MethodDescriptor& method) {
  return method.options().HasExtension(options::v1::report);
}

void AddExportOptions(const CommandTree& tree, ExportArguments& arguments, CLI::App& app) {
  CLI::Option* const file = app.add_option(
      "--export", arguments.file,
      tree.Say("导出到 .csv 或 .xlsx 文件", "write the report to a .csv or .xlsx file"));
  app.add_option("--purpose", arguments.purpose,
                 tree.Say("导出的用途，会被记录", "what the export is for; it is recorded"))
      ->needs(file);
  app.add_option("--sheet", arguments.sheet,
                 tree.Say("CSV 中的列表，如 cohorts.stages、about",
                          "list of a CSV, such as cohorts.stages or about"))
      ->needs(file);
}

absl::StatusOr<int> ExportReport(Session& session, const std::string& method,
                                 const google::protobuf::Message& request,
                                 const ExportArguments& arguments, std::string_view sheet) {
  ExportReportRequest wanted;
  CRM_ASSIGN_OR_RETURN(const report::v1::ExportFormat format, FormatOf(arguments.file, session));
  if (arguments.purpose.empty()) {
    return UsageError(
        session.Say("导出须用 --purpose 说明用途", "an export needs a --purpose: it is recorded"));
  }
  wanted.set_method(method);
  wanted.mutable_request()->PackFrom(request);
  wanted.set_format(format);
  wanted.set_sheet(arguments.sheet.empty() ? std::string(sheet) : arguments.sheet);
  if (format != report::v1::EXPORT_FORMAT_CSV) wanted.clear_sheet();
  wanted.set_purpose(arguments.purpose);
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, session.channel());
  client::AnyServerStream stream = channel->ServerStream(kExport, wanted, session.stream_options());
  CRM_ASSIGN_OR_RETURN(const report::v1::ExportedFile file,
                       Receive(stream, arguments.file, session));
  session.console().err << arguments.file << ": " << file.rows() << session.Say(" 行", " rows")
                        << "\n";
  return kOk;
}

}  // namespace crm::cli
