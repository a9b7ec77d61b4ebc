#include "tools/crmctl/import_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "crm/customer/v1/import.pb.h"
#include "tools/crmctl/import_report.h"
#include "tools/crmctl/progress_bar.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

namespace v1 = customer::v1;

constexpr char kService[] = "crm.customer.v1.ImportService/";
constexpr size_t kChunkBytes = 1 << 20;
constexpr int kShownIssues = 10;
constexpr size_t kSparks = 40;
// A replica that goes away while it is watched; the import goes on with another one.
constexpr int kWatchTries = 10;
constexpr absl::Duration kWatchPause = absl::Seconds(1);

struct ImportArguments {
  std::string file;
  std::string kind = "customer";
  std::string policy;
  std::string missing;
  std::string sheet;
  std::string rejected;
  std::string request_id;
  std::vector<std::string> maps;
  std::vector<std::string> defaults;
  bool dry_run = false;
  bool no_wait = false;
};

std::string Path(const char* method) { return absl::StrCat("/", kService, method); }

absl::StatusOr<std::pair<std::string, std::string>> SplitPair(const std::string& text,
                                                              Session& session) {
  // Headers may hold `=`, field names never do.
  const size_t sign = text.rfind('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) {
    return UsageError(absl::StrCat(ToAbsl(session.Say("应为 名称=值：", "expected NAME=VALUE: ")),
                                   "\"", text, "\""));
  }
  return std::make_pair(text.substr(0, sign), text.substr(sign + 1));
}

absl::StatusOr<v1::ImportSpec> SpecOf(const ImportArguments& arguments, Session& session) {
  v1::ImportSpec spec;
  const auto set = [&](const char* field, const std::string& value) {
    return value.empty() ? absl::OkStatus() : SetPath(spec, field, value, session.input_rules());
  };
  CRM_RETURN_IF_ERROR(set("kind", arguments.kind));
  CRM_RETURN_IF_ERROR(set("duplicates", arguments.policy));
  CRM_RETURN_IF_ERROR(set("missing", arguments.missing));
  spec.set_file_name(std::filesystem::path(arguments.file).filename().string());
  spec.set_sheet(arguments.sheet);
  spec.set_dry_run(arguments.dry_run);
  for (const std::string& map : arguments.maps) {
    CRM_ASSIGN_OR_RETURN(const auto pair, SplitPair(map, session));
    v1::ColumnMapping& mapping = *spec.add_mapping();
    mapping.set_header(pair.first);
    mapping.set_field(pair.second);
  }
  for (const std::string& each : arguments.defaults) {
    const size_t sign = each.find('=');
    if (sign == std::string::npos) return SplitPair(each, session).status();
    v1::FieldDefault& field = *spec.add_defaults();
    field.set_field(each.substr(0, sign));
    field.set_value(each.substr(sign + 1));
  }
  return spec;
}

absl::StatusOr<v1::ImportJob> Upload(Session& session, client::Channel& channel,
                                     const ImportArguments& arguments) {
  CRM_ASSIGN_OR_RETURN(v1::ImportSpec spec, SpecOf(arguments, session));
  std::ifstream file(arguments.file, std::ios::binary);
  std::error_code error;
  const auto size = static_cast<int64_t>(std::filesystem::file_size(arguments.file, error));
  if (!file.is_open() || error) {
    return UsageError(
        absl::StrCat(ToAbsl(session.Say("读不到文件 ", "cannot read the file ")), arguments.file));
  }
  client::AnyClientStream stream =
      channel.ClientStream(Path("CreateImport"), session.stream_options());
  v1::CreateImportRequest message;
  *message.mutable_spec() = std::move(spec);
  message.set_request_id(arguments.request_id.empty() ? NewRequestId() : arguments.request_id);
  ProgressBar bar(
      session.console(), session.language(),
      {.title = std::string(session.Say("上传", "upload")), .unit = ProgressBar::Unit::kBytes});
  bool open = stream.Write(message);
  std::string chunk(kChunkBytes, '\0');
  message.Clear();
  for (int64_t sent = 0; open && file;) {
    bar.Update({.done = sent, .total = size});
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    if (file.gcount() == 0) break;
    sent += file.gcount();
    message.set_chunk(chunk.data(), static_cast<size_t>(file.gcount()));
    open = stream.Write(message);
    bar.Update({.done = sent, .total = size});
  }
  if (file.bad()) {
    stream.Cancel();
    return absl::DataLossError("the file cannot be read to its end");
  }
  bar.Finish();
  v1::ImportJob job;
  CRM_RETURN_IF_ERROR(stream.Finish(job));
  return job;
}

Progress ProgressOf(const v1::ImportJob& job) {
  Progress progress{.done = job.rows_read(),
                    .total = job.progress().rows_total(),
                    .fraction = job.progress().fraction(),
                    .per_second = job.progress().rows_per_second()};
  if (job.progress().has_seconds_left()) {
    progress.left = absl::Seconds(job.progress().seconds_left());
  }
  return progress;
}

// At most kSparks of the rates, evenly.
std::vector<double> Thinned(const std::vector<double>& rates) {
  if (rates.size() <= kSparks) return rates;
  std::vector<double> thinned;
  for (size_t i = 0; i < kSparks; ++i) thinned.push_back(rates[i * rates.size() / kSparks]);
  return thinned;
}

absl::Status WatchOnce(Session& session, client::Channel& channel, ProgressBar& bar,
                       v1::ImportJob& job) {
  v1::WatchImportRequest request;
  request.set_import(job.number());
  client::AnyServerStream stream =
      channel.ServerStream(Path("WatchImport"), request, session.stream_options());
  while (stream.Next(job)) bar.Update(ProgressOf(job));
  return stream.Finish();
}

absl::Status Watch(Session& session, client::Channel& channel, v1::ImportJob& job) {
  ProgressBar bar(session.console(), session.language(),
                  {.title = std::string(session.Say("导入", "import"))});
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = WatchOnce(session, channel, bar, job);
    if (HasEnded(job.state())) break;
    const bool again = status.ok() || absl::IsUnavailable(status);
    if (!again || attempt == kWatchTries) {
      return status.ok() ? absl::UnavailableError("the import is not over yet") : status;
    }
    absl::SleepFor(kWatchPause);
  }
  bar.Finish();
  if (bar.rates().size() > 1 && session.console().err_is_terminal) {
    session.console().err << session.error_style().Dim(
                                 absl::StrCat(ToAbsl(session.Say("速度 ", "rate ")),
                                              Sparkline(Thinned(bar.rates()))))
                          << "\n";
  }
  return absl::OkStatus();
}

absl::Status SaveRejected(Session& session, client::Channel& channel, const std::string& number,
                          const std::string& path) {
  v1::DownloadRejectedRequest request;
  request.set_import(number);
  CRM_ASSIGN_OR_RETURN(tabular::Sink sink, tabular::FileSink(path));
  client::AnyServerStream stream =
      channel.ServerStream(Path("DownloadRejected"), request, session.stream_options());
  v1::FileChunk chunk;
  while (stream.Next(chunk)) CRM_RETURN_IF_ERROR(sink(chunk.data()));
  CRM_RETURN_IF_ERROR(stream.Finish());
  session.console().err << session.Say("被拒绝的行已保存：", "rejected rows saved: ") << path
                        << "\n";
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::ImportIssue>> FirstRejected(Session& session,
                                                           const std::string& number) {
  v1::ListImportIssuesRequest request;
  request.set_import(number);
  request.set_page_size(100);
  v1::ListImportIssuesResponse response;
  CRM_RETURN_IF_ERROR(session.Call(absl::StrCat(kService, "ListImportIssues"), request, response));
  std::vector<v1::ImportIssue> issues;
  for (const v1::ImportIssue& issue : response.issues()) {
    if (issue.row_rejected() && issues.size() < kShownIssues) issues.push_back(issue);
  }
  return issues;
}

absl::Status PrintReport(Session& session, const v1::ImportJob& job) {
  if (session.output() != Output::kTable) return PrintMessage(session, job);
  std::vector<v1::ImportIssue> issues;
  if (job.rejected() > 0) {
    CRM_ASSIGN_OR_RETURN(issues, FirstRejected(session, job.number()));
  }
  Console& console = session.console();
  console.out << ImportReportText(session, console.out_is_terminal ? console.width : 0, job, issues)
              << std::flush;
  return absl::OkStatus();
}

absl::StatusOr<int> Follow(Session& session, client::Channel& channel, v1::ImportJob& job,
                           const std::string& rejected) {
  if (absl::Status watched = Watch(session, channel, job); !watched.ok()) {
    session.console().err << "\n"
                          << session.Say("导入在服务端继续：crmctl imports watch ",
                                         "the import goes on in the service: crmctl imports watch ")
                          << job.number() << "\n";
    return watched;
  }
  CRM_RETURN_IF_ERROR(PrintReport(session, job));
  if (!rejected.empty() && job.rejected() > 0) {
    CRM_RETURN_IF_ERROR(SaveRejected(session, channel, job.number(), rejected));
  }
  return ExitCodeOf(job);
}

absl::StatusOr<int> Import(Session& session, const ImportArguments& arguments) {
  CRM_ASSIGN_OR_RETURN(client::Channel * channel, session.channel());
  CRM_ASSIGN_OR_RETURN(v1::ImportJob job, Upload(session, *channel, arguments));
  if (arguments.no_wait) {
    CRM_RETURN_IF_ERROR(PrintMessage(session, job));
    return kOk;
  }
  return Follow(session, *channel, job, arguments.rejected);
}

absl::StatusOr<v1::ImportJob> Get(Session& session, const std::string& number) {
  v1::GetImportRequest request;
  request.set_import(number);
  v1::ImportJob job;
  CRM_RETURN_IF_ERROR(session.Call(absl::StrCat(kService, "GetImport"), request, job));
  return job;
}

void AddImport(CommandTree& tree) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App& app = tree.Add("import",
                           tree.Say("导入表格（CSV、XLSX），显示进度和报告",
                                    "import a spreadsheet (CSV, XLSX), with progress and report"),
                           [arguments](Session& session) { return Import(session, *arguments); });
  app.add_option("file", arguments->file, tree.Say("文件", "file"))->required();
  app.add_option("--kind", arguments->kind,
                 tree.Say("行的内容：客户|联系人|跟进记录|购买记录|产品",
                          "what the rows are: customer|contact|interaction|purchase|product"))
      ->capture_default_str();
  app.add_option("--map", arguments->maps,
                 tree.Say("表头=字段；字段为 - 时忽略该列；可重复",
                          "HEADER=FIELD, - to leave the column out; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--default", arguments->defaults,
                 tree.Say("字段=值，用于没有值的行；可重复",
                          "FIELD=VALUE for rows without one; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--policy", arguments->policy,
                 tree.Say("已有的记录：保留最新|填补空白|跳过|拒绝",
                          "what is there already: keep_newest|fill_blanks|skip|reject"));
  app.add_option("--missing", arguments->missing,
                 tree.Say("资料不全的行：拒绝|接收为资料不全",
                          "rows that lack something: reject|accept_incomplete"));
  app.add_option("--sheet", arguments->sheet,
                 tree.Say("工作表；默认第一个", "sheet; the first by default"));
  app.add_option("--rejected", arguments->rejected,
                 tree.Say("把被拒绝的行存为此 CSV", "save rejected rows to this CSV"));
  app.add_option(
      "--request-id", arguments->request_id,
      tree.Say("同一编号重复发送只导入一次", "sent again with the same id it is imported once"));
  app.add_flag("--dry-run", arguments->dry_run,
               tree.Say("只出报告，不写入", "report only, nothing is written"));
  app.add_flag("--no-wait", arguments->no_wait, tree.Say("不等待完成", "do not wait for the end"));
}

void AddImportNumber(CLI::App& app, CommandTree& tree, std::string& number) {
  app.add_option("import", number, tree.Say("导入编号", "import number"))->required();
}

void AddStartedImports(CommandTree& tree) {
  auto number = std::make_shared<std::string>();
  auto rejected = std::make_shared<std::string>();
  CLI::App& get = tree.Add("imports get", tree.Say("显示导入报告", "show the report of an import"),
                           [number](Session& session) -> absl::StatusOr<int> {
                             CRM_ASSIGN_OR_RETURN(const v1::ImportJob job, Get(session, *number));
                             CRM_RETURN_IF_ERROR(PrintReport(session, job));
                             return kOk;
                           });
  AddImportNumber(get, tree, *number);
  CLI::App& watch =
      tree.Add("imports watch", tree.Say("跟踪导入直至结束", "watch an import to its end"),
               [number, rejected](Session& session) -> absl::StatusOr<int> {
                 CRM_ASSIGN_OR_RETURN(v1::ImportJob job, Get(session, *number));
                 CRM_ASSIGN_OR_RETURN(client::Channel * channel, session.channel());
                 return Follow(session, *channel, job, *rejected);
               });
  AddImportNumber(watch, tree, *number);
  CLI::App& save =
      tree.Add("imports rejected", tree.Say("下载被拒绝的行", "download the rejected rows"),
               [number, rejected](Session& session) -> absl::StatusOr<int> {
                 CRM_ASSIGN_OR_RETURN(client::Channel * channel, session.channel());
                 CRM_RETURN_IF_ERROR(SaveRejected(session, *channel, *number, *rejected));
                 return kOk;
               });
  AddImportNumber(save, tree, *number);
  save.add_option("file", *rejected, tree.Say("存为此 CSV", "the CSV to write"))->required();
}

}  // namespace

void AddImportCommands(CommandTree& tree) {
  AddImport(tree);
  AddStartedImports(tree);
}

}  // namespace crm::cli
