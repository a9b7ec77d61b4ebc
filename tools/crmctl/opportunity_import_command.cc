#include "tools/crmctl/opportunity_import_command.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/table.h"
#include "crm/sales/v1/history.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tools/crmctl/opportunity_rows.h"
#include "tools/crmctl/progress_bar.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

namespace v1 = sales::v1;

constexpr char kMethod[] = "crm.sales.v1.HistoryService/ImportOpportunities";
constexpr int kRowsAtOnce = 500;
constexpr size_t kShownProblems = 20;

struct ImportArguments {
  std::string file;
  std::string sheet;
  std::string pipeline;
  std::string missing;
  std::vector<std::string> maps;
  std::vector<std::string> values;
  std::vector<std::string> defaults;
  bool dry_run = false;
};

// What became of a file.
struct Tally {
  int64_t imported = 0;
  int64_t existing = 0;
  int64_t refused = 0;
  std::vector<v1::HistoricOutcome> problems;  // the first ones
};

using Pair = std::pair<std::string, std::string>;

// `A=B` at the last sign for headers, which may hold one, at the first one for values.
absl::StatusOr<Pair> SplitAt(const std::string& text, size_t sign, Session& session) {
  if (sign == std::string::npos || sign == 0 || sign + 1 >= text.size()) {
    return UsageError(absl::StrCat(ToAbsl(session.Say("应为 名称=值：", "expected NAME=VALUE: ")),
                                   "\"", text, "\""));
  }
  return Pair(text.substr(0, sign), text.substr(sign + 1));
}

absl::StatusOr<OpportunityFileSpec> SpecOf(const ImportArguments& arguments, Session& session) {
  OpportunityFileSpec spec;
  for (const std::string& map : arguments.maps) {
    CRM_ASSIGN_OR_RETURN(spec.mapping.emplace_back(), SplitAt(map, map.rfind('='), session));
  }
  for (const std::string& each : arguments.defaults) {
    CRM_ASSIGN_OR_RETURN(spec.defaults.emplace_back(), SplitAt(each, each.find('='), session));
  }
  for (const std::string& each : arguments.values) {
    CRM_ASSIGN_OR_RETURN(const Pair pair, SplitAt(each, each.rfind('='), session));
    CRM_ASSIGN_OR_RETURN(Pair text, SplitAt(pair.first, pair.first.find(':'), session));
    spec.values[std::move(text)] = pair.second;
  }
  return spec;
}

void Count(v1::HistoricOutcome outcome, Tally& tally) {
  switch (outcome.state()) {
    case v1::HistoricOutcome::STATE_IMPORTED:
      ++tally.imported;
      return;
    case v1::HistoricOutcome::STATE_EXISTS:
      ++tally.existing;
      return;
    default:
      ++tally.refused;
      if (tally.problems.size() < kShownProblems) tally.problems.push_back(std::move(outcome));
  }
}

std::string FieldOf(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info) && info.metadata().count("field") > 0) {
      return info.metadata().at("field");
    }
  }
  return "";
}

// A row that was not even sent.
v1::HistoricOutcome Unreadable(int64_t line, const absl::Status& status) {
  v1::HistoricOutcome outcome;
  outcome.set_line(line);
  outcome.set_state(v1::HistoricOutcome::STATE_REFUSED);
  v1::HistoricProblem& problem = *outcome.add_problems();
  problem.set_field(FieldOf(status));
  problem.set_rule(ErrorReason(status));
  problem.set_mend(std::string(status.message()));
  return outcome;
}

class Import {
 public:
  Import(const ImportArguments& arguments, Session& session)
      : arguments_(arguments),
        session_(session),
        bar_(session.console(), session.language(),
             {.title = std::string(session.Say("导入", "import"))}) {}

  absl::StatusOr<Tally> Run() && {
    CRM_ASSIGN_OR_RETURN(auto table,
                         tabular::OpenTable(arguments_.file, {.sheet = arguments_.sheet}));
    tabular::Row cells;
    CRM_ASSIGN_OR_RETURN(const bool has_header, table->Next(cells));
    if (!has_header) return UsageError(session_.Say("文件是空的", "the file is empty"));
    CRM_ASSIGN_OR_RETURN(OpportunityFileSpec spec, SpecOf(arguments_, session_));
    CRM_ASSIGN_OR_RETURN(
        const OpportunityRows rows,
        OpportunityRows::Create(cells.Copy(), std::move(spec), session_.input_rules()));
    TellIgnored(rows);
    CRM_RETURN_IF_ERROR(Prepare());
    while (true) {
      const absl::StatusOr<bool> more = table->Next(cells);
      if (!more.ok() && tabular::IsRowError(more.status())) {
        Count(Unreadable(tabular::LineOf(more.status()), more.status()), tally_);
        continue;
      }
      CRM_RETURN_IF_ERROR(more.status());
      if (!*more) break;
      absl::StatusOr<v1::HistoricOpportunity> row = rows.Read(cells);
      if (!row.ok()) {
        Count(Unreadable(cells.line(), row.status()), tally_);
        continue;
      }
      *request_.add_rows() = *std::move(row);
      if (request_.rows_size() == kRowsAtOnce) CRM_RETURN_IF_ERROR(Send(table->progress()));
    }
    if (request_.rows_size() > 0) CRM_RETURN_IF_ERROR(Send(table->progress()));
    bar_.Finish();
    return std::move(tally_);
  }

 private:
  absl::Status Prepare() {
    request_.set_pipeline(arguments_.pipeline);
    request_.set_validate_only(arguments_.dry_run);
    if (arguments_.missing.empty()) return absl::OkStatus();
    return SetPath(request_, "missing", arguments_.missing, session_.input_rules());
  }

  void TellIgnored(const OpportunityRows& rows) {
    if (rows.ignored().empty()) return;
    session_.console().err << session_.Say("忽略的列：", "columns left out: ")
                           << Printable(absl::StrJoin(rows.ignored(), ", ")) << "\n";
  }

  absl::Status Send(const tabular::Progress& progress) {
    request_.set_request_id(NewRequestId());
    v1::ImportOpportunitiesResponse response;
    CRM_RETURN_IF_ERROR(session_.Call(kMethod, request_, response));
    for (v1::HistoricOutcome& outcome : *response.mutable_outcomes()) {
      Count(std::move(outcome), tally_);
    }
    request_.clear_rows();
    const int64_t done = tally_.imported + tally_.existing + tally_.refused;
    bar_.Update({.done = done,
                 .total = 0,
                 .fraction = progress.total == 0 ? 1
                                                 : static_cast<double>(progress.done) /
                                                       static_cast<double>(progress.total)});
    return absl::OkStatus();
  }

  const ImportArguments& arguments_;
  Session& session_;
  ProgressBar bar_;
  v1::ImportOpportunitiesRequest request_;
  Tally tally_;
};

void PrintTables(const Tally& tally, bool dry_run, Session& session) {
  Console& console = session.console();
  const size_t width = console.out_is_terminal ? console.width : 0;
  Table counts({{std::string(session.Say("结果", "outcome"))},
                {std::string(session.Say("行数", "rows")), Align::kRight}},
               width, session.style());
  const auto say = [&](std::string_view zh, std::string_view en) {
    return std::string(session.Say(zh, en));
  };
  counts.Add({dry_run ? say("可导入", "would be imported") : say("已导入", "imported"),
              absl::StrCat(tally.imported)});
  counts.Add({say("之前已导入", "imported before"), absl::StrCat(tally.existing)});
  counts.Add({say("被拒绝", "refused"), absl::StrCat(tally.refused)});
  console.out << counts.Flush();
  if (tally.problems.empty()) return;
  Table problems({{say("行", "line"), Align::kRight},
                  {say("字段", "field")},
                  {say("规则", "rule")},
                  {say("如何改正", "how to mend it")}},
                 width, session.style());
  for (const v1::HistoricOutcome& outcome : tally.problems) {
    for (const v1::HistoricProblem& problem : outcome.problems()) {
      problems.Add({absl::StrCat(outcome.line()), problem.field(), problem.rule(), problem.mend()});
    }
  }
  console.out << "\n" << problems.Flush();
  const auto shown = static_cast<int64_t>(tally.problems.size());
  if (shown == tally.refused) return;
  console.out << session.Say("还有 ", "and ") << tally.refused - shown
              << session.Say(" 行被拒绝", " more refused rows") << "\n";
}

void Print(const Tally& tally, bool dry_run, Session& session) {
  if (session.output() == Output::kTable) return PrintTables(tally, dry_run, session);
  std::ostream& out = session.console().out;
  out << "{\"imported\":" << tally.imported << ",\"existing\":" << tally.existing
      << ",\"refused\":" << tally.refused << "}\n";
  for (const v1::HistoricOutcome& outcome : tally.problems) out << JsonText(outcome) << "\n";
}

absl::StatusOr<int> RunImport(const ImportArguments& arguments, Session& session) {
  CRM_ASSIGN_OR_RETURN(Tally tally, Import(arguments, session).Run());
  // Those that were not even sent come first.
  std::stable_sort(tally.problems.begin(), tally.problems.end(),
                   [](const v1::HistoricOutcome& a, const v1::HistoricOutcome& b) {
                     return a.line() < b.line();
                   });
  Print(tally, arguments.dry_run, session);
  session.console().out << std::flush;
  return tally.refused > 0 ? kPartial : kOk;
}

}  // namespace

void AddOpportunityImportCommand(CommandTree& tree) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App& app = tree.Add(
      "opportunity import",
      tree.Say("导入旧系统的商机（CSV、XLSX），保留原有日期；同一外部编号只导入一次",
               "take over the opportunities of an older system (CSV, XLSX) with their own dates; "
               "each external number once"),
      [arguments](Session& session) { return RunImport(*arguments, session); });
  app.add_option("file", arguments->file, tree.Say("文件", "file"))->required();
  app.add_option("--map", arguments->maps,
                 tree.Say("表头=字段；字段可为 product、entered.阶段，- 为忽略；可重复",
                          "HEADER=FIELD, also product and entered.STAGE, - to leave the column "
                          "out; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--value", arguments->values,
                 tree.Say("字段:文本=值，替换单元格的文本；可重复",
                          "FIELD:TEXT=VALUE for what a text means; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--default", arguments->defaults,
                 tree.Say("字段=值，用于没有值的行；可重复",
                          "FIELD=VALUE for rows without one; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--pipeline", arguments->pipeline,
                 tree.Say("销售管道；默认按团队", "pipeline; that of the team by default"));
  app.add_option(
      "--missing", arguments->missing,
      tree.Say("资料不全的行：reject 拒绝|accept 接收", "rows that lack something: reject|accept"));
  app.add_option("--sheet", arguments->sheet,
                 tree.Say("工作表；默认第一个", "sheet; the first by default"));
  app.add_flag("--dry-run", arguments->dry_run,
               tree.Say("只检查，不写入", "only check, write nothing"));
}

}  // namespace crm::cli
