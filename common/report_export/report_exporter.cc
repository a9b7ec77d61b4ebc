#include "common/report_export/report_exporter.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/calendar/calendar_rules.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/report_export/export_metrics.h"
#include "common/report_export/report.h"
#include "common/report_export/report_file.h"
#include "common/report_export/report_layout.h"
#include "common/report_export/report_run.h"
#include "common/schema/copy.h"
#include "common/server/gate.h"
#include "crm/report/v1/report_export.pb.h"

namespace crm::report_export {
namespace {

using crm::report::v1::ExportedFile;
using crm::report::v1::ExportReportRequest;
using crm::report::v1::ExportReportResponse;
using crm::report::v1::ReportExport;
using schema::Language;
using server::CallContext;
using Writer = server::StreamWriter<ExportReportResponse>;

constexpr char kService[] = "crm.report.v1.ReportExportService";
constexpr int64_t kChunkBytes = 256 << 10;
// Each holds a page of a report in memory, and its file on disk.
constexpr int kAtOnce = 2;
constexpr absl::Duration kBusyHint = absl::Seconds(2);
// Streams need no deadline; an export does, or two clients that do not read would keep all others
// out.
constexpr absl::Duration kLongest = absl::Minutes(5);

absl::Status NoRight() {
  const std::string right(auth::RightName(auth::Right::kExport));
  return Error(absl::StatusCode::kPermissionDenied, "RIGHT_MISSING",
               "the caller's roles do not have the right to export")
      .Meta("right", right);
}

absl::Status Busy() {
  return Error(absl::StatusCode::kResourceExhausted, "EXPORTS_BUSY",
               "other exports are being made; try again")
      .RetryAfter(kBusyHint);
}

absl::Status Unrecorded() {
  return Error(absl::StatusCode::kUnavailable, "EXPORT_UNRECORDED",
               "the export could not be recorded, so nothing was sent")
      .RetryAfter(kBusyHint);
}

absl::Status Cut() {
  return Error(absl::StatusCode::kCancelled, "STREAM_CUT", "the stream ended before the file had");
}

bool IsCsv(const ExportReportRequest& request) {
  return request.format() == report::v1::EXPORT_FORMAT_CSV;
}

const char* ContentType(const ExportReportRequest& request) {
  return IsCsv(request) ? "text/csv; charset=utf-8"
                        : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
}

// `GetWinLoss` → `win_loss`.
std::string FileStem(const std::string& method) {
  std::string stem;
  for (const char c : method.substr(method.rfind('/') + 1)) {
    const auto letter = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(letter) && !stem.empty()) stem += '_';
    stem += absl::ascii_tolower(letter);
  }
  for (const std::string_view verb : {"get_", "list_"}) {
    if (stem.compare(0, verb.size(), verb) == 0) return stem.substr(verb.size());
  }
  return stem;
}

absl::StatusOr<absl::TimeZone> ZoneOf(const ExportReportRequest& request, absl::TimeZone usual) {
  if (request.time_zone().empty()) return usual;
  const std::optional<absl::TimeZone> zone = calendar::FindZone(request.time_zone());
  if (zone.has_value()) return *zone;
  return absl::Status(
      Error(absl::StatusCode::kInvalidArgument, "TIME_ZONE_UNKNOWN", "there is no such time zone")
          .Field("time_zone", "UNKNOWN", "a name such as Asia/Shanghai"));
}

absl::Status NoSuchSheet(const ReportLayout& layout) {
  const std::string sheets = absl::StrJoin(layout.SheetNames(), ", ");
  return Error(absl::StatusCode::kInvalidArgument, "SHEET_UNKNOWN", "the report has no such sheet")
      .Meta("sheets", sheets)
      .Field("sheet", "UNKNOWN", absl::StrCat("one of ", sheets));
}

// The list that a CSV holds; null for `about`.
absl::StatusOr<const SheetLayout*> SheetOf(const ExportReportRequest& request,
                                           const ReportLayout& layout) {
  if (!IsCsv(request) && request.sheet().empty()) return nullptr;
  if (request.sheet() == kAboutSheet) return nullptr;
  if (request.sheet().empty()) return layout.sheets.empty() ? nullptr : &layout.sheets.front();
  const SheetLayout* sheet = layout.Find(request.sheet());
  if (sheet == nullptr) return NoSuchSheet(layout);
  return sheet;
}

class ReportExporter {
 public:
  ReportExporter(ReportCatalog catalog, const ExporterParts& parts)
      : parts_(parts),
        catalog_(std::move(catalog)),
        gate_(nullptr, parts.policy, parts.staff),
        metrics_(*parts.metrics, catalog_) {}

  absl::Status Export(CallContext& call, const ExportReportRequest& request, Writer& writer) {
    call.info().deadline = std::min(call.deadline(), absl::Now() + kLongest);
    const Report* const report = catalog_.Find(request.method());
    absl::Status status = Checked(call, request, report, writer);
    if (report != nullptr) metrics_.Count(*report, request.format(), status);
    // Why a stream was cut, the server knows best.
    return writer.Cancelled() ? absl::OkStatus() : status;
  }

 private:
  // What an export is made of, once it is certain that it may be made.
  struct Job {
    const Report& report;
    const ExportReportRequest& request;
    absl::TimeZone zone;
    ReportLayout layout;
    const SheetLayout* sheet;
    MessagePtr report_request;
  };

  absl::Status Checked(CallContext& call, const ExportReportRequest& request, const Report* report,
                       Writer& writer) {
    const auto policy = parts_.policy->Get();
    if (!policy->HasRight(call.caller().roles, auth::Right::kExport)) return NoRight();
    if (report == nullptr) return catalog_.WhyNot(request.method());
    const absl::Cleanup leave = [this] { running_.fetch_sub(1); };
    if (running_.fetch_add(1) >= kAtOnce) return Busy();
    CRM_ASSIGN_OR_RETURN(server::Gate::Pass pass,
                         gate_.AdmitKnown(call.caller(), report->permission));
    // A file leaves the system: own records are masked like all others.
    if (!policy->HasRight(call.caller().roles, auth::Right::kReveal)) pass.viewer = {};
    CRM_ASSIGN_OR_RETURN(const Job job, JobOf(call, *report, request));
    CRM_ASSIGN_OR_RETURN(const ReportFile file, Make(call, job, std::move(pass), writer));
    CRM_RETURN_IF_ERROR(Record(call, job, file));
    return Send(call, job, file, writer);
  }

  absl::StatusOr<Job> JobOf(const CallContext& call, const Report& report,
                            const ExportReportRequest& request) const {
    CRM_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(request, parts_.zone));
    Job job{report, request, zone, LayoutOf(*report.method->output_type()), nullptr, nullptr};
    CRM_ASSIGN_OR_RETURN(job.sheet, SheetOf(request, job.layout));
    CRM_ASSIGN_OR_RETURN(job.report_request,
                         UnpackRequest(report, request.request(), call.language(), call.now()));
    return job;
  }

  absl::StatusOr<ReportFile> Make(const CallContext& call, const Job& job, server::Gate::Pass pass,
                                  const Writer& writer) const {
    const schema::Viewer viewer = pass.viewer;
    FileContext context = ContextOf(call, job);
    context.plain_kinds = viewer.plain_kinds;
    CRM_ASSIGN_OR_RETURN(const std::unique_ptr<ReportWriter> file,
                         IsCsv(job.request) ? NewCsvReport(job.layout, job.sheet, context)
                                            : NewWorkbookReport(job.layout, context));
    MessagePtr request(job.report_request->New());
    schema::CopyMessage(*job.report_request, *request);
    CRM_RETURN_IF_ERROR(WriteReport(
        job.report, std::move(request), InfoOf(call, job.report, std::move(pass)), viewer,
        parts_.pool, [&] { return writer.Cancelled(); }, *file));
    return file->Finish();
  }

  // The call as the report's own RPC would see it.
  static CallContext::Info InfoOf(const CallContext& call, const Report& report,
                                  server::Gate::Pass pass) {
    CallContext::Info info;
    info.caller = std::move(pass.caller);
    info.scope = std::move(pass.scope);
    info.plain_kinds = pass.viewer.plain_kinds;
    info.language = call.language();
    info.method = report.method->name();
    info.trace_id = call.trace_id();
    info.traceparent = call.traceparent();
    info.deadline = call.deadline();
    info.start = call.now();
    return info;
  }

  static FileContext ContextOf(const CallContext& call, const Job& job) {
    const bool zh = call.language() == Language::kChinese;
    const std::string title = job.report.Label(call.language());
    return {.title = title,
            .language = call.language(),
            .zone = job.zone,
            .notes = {{zh ? "报表" : "report", title},
                      {zh ? "方法" : "method", job.report.name},
                      {zh ? "生成时间" : "made at",
                       absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", call.now(), job.zone)},
                      {zh ? "时区" : "time zone", job.zone.name()},
                      {zh ? "导出人" : "exported by", call.caller().id},
                      {zh ? "用途" : "purpose", job.request.purpose()}},
            .request = job.report_request.get()};
  }

  // Committed before anything is sent: there is no export that nobody knows of.
  absl::Status Record(const CallContext& call, const Job& job, const ReportFile& file) const {
    ReportExport record;
    record.set_method(job.report.name);
    schema::ClearSensitive(*job.report_request);
    record.mutable_request()->PackFrom(*job.report_request);
    record.set_format(job.request.format());
    if (IsCsv(job.request)) {
      record.set_sheet(job.sheet == nullptr ? kAboutSheet : job.sheet->name);
    }
    record.set_rows(file.rows);
    record.set_bytes(file.bytes->size());
    record.set_purpose(job.request.purpose());
    for (const std::string& role : call.caller().roles) record.add_roles(role);
    record.set_remote(call.caller().remote);
    record.set_trace_id(call.trace_id());
    db::WriteSet writes;
    writes.AddEvent(event::MakeEvent({.type = "report.exported",
                                      .subject = job.report.name,
                                      .version = 1,
                                      .time = call.now(),
                                      .actor = call.caller().id,
                                      .payload = &record}));
    if (!parts_.committer->Commit(std::move(writes), call.deadline()).ok()) return Unrecorded();
    Log(call, record);
    return absl::OkStatus();
  }

  // The purpose is free text and stays out of the log.
  void Log(const CallContext& call, const ReportExport& record) const {
    parts_.log->Write(log::Level::kInfo, "report exported",
                      {{"report", record.method()},
                       {"format", report::v1::ExportFormat_Name(record.format())},
                       {"sheet", record.sheet()},
                       {"rows", record.rows()},
                       {"bytes", record.bytes()},
                       {"trace_id", record.trace_id()},
                       {"caller", call.caller().id}});
  }

  static absl::Status Send(const CallContext& call, const Job& job, const ReportFile& file,
                           Writer& writer) {
    ExportReportResponse message;
    ExportedFile& told = *message.mutable_file();
    told.set_name(absl::StrCat(FileStem(job.report.name), "-",
                               absl::FormatTime("%Y%m%d", call.now(), job.zone),
                               IsCsv(job.request) ? ".csv" : ".xlsx"));
    told.set_content_type(ContentType(job.request));
    told.set_rows(file.rows);
    told.set_bytes(file.bytes->size());
    for (const std::string& name : job.layout.SheetNames()) told.add_sheets(name);
    if (!writer.Write(message)) return Cut();
    for (int64_t at = 0; at < file.bytes->size(); at += kChunkBytes) {
      message.Clear();
      CRM_ASSIGN_OR_RETURN(*message.mutable_data(), file.bytes->Read(at, kChunkBytes));
      if (!writer.Write(message)) return Cut();
    }
    return absl::OkStatus();
  }

  const ExporterParts parts_;
  const ReportCatalog catalog_;
  const server::Gate gate_;
  ExportMetrics metrics_;
  std::atomic<int> running_{0};
};

}  // namespace

absl::StatusOr<std::optional<server::MethodTable>> ReportExportTable(
    absl::Span<const server::MethodTable> tables, const ExporterParts& parts) {
  CRM_ASSIGN_OR_RETURN(ReportCatalog catalog, ReportCatalog::Of(tables));
  if (catalog.reports().empty()) return std::nullopt;
  auto exporter = std::make_shared<ReportExporter>(std::move(catalog), parts);
  server::MethodTable table(
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(kService));
  table.ServerStream<ExportReportRequest, ExportReportResponse>(
      "ExportReport",
      [exporter](CallContext& call, const ExportReportRequest& request, Writer& writer) {
        return exporter->Export(call, request, writer);
      });
  return table;
}

}  // namespace crm::report_export
