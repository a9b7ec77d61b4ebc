#include "tools/crmctl/history_command.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/table.h"
#include "google/rpc/error_details.pb.h"
#include "tools/crmctl/field_input.h"
#include "tools/crmctl/history_kinds.h"
#include "tools/crmctl/history_report.h"
#include "tools/crmctl/progress_bar.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;

constexpr int kRowsOfCall = 500;

struct Arguments {
  std::string file;
  std::string sheet;
  std::vector<std::string> maps;
  std::vector<std::string> values;
  std::vector<std::string> defaults;
  std::map<std::string, std::string> options;  // by field of the request
  bool dry_run = false;
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

absl::StatusOr<HistoryFileSpec> SpecOf(const Arguments& arguments, Session& session) {
  HistoryFileSpec spec;
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

std::string FieldOfError(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info) && info.metadata().count("field") > 0) {
      return info.metadata().at("field");
    }
  }
  return "";
}

const pb::FieldDescriptor* FieldOf(const pb::Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

void SetText(pb::Message& message, const char* name, const std::string& text) {
  message.GetReflection()->SetString(&message, FieldOf(message, name), text);
}

const pb::EnumValueDescriptor* RefusedState(const pb::EnumDescriptor& states) {
  const pb::EnumValueDescriptor* refused = nullptr;
  for (int i = 0; i < states.value_count(); ++i) {
    if (absl::EndsWith(states.value(i)->name(), "REFUSED")) refused = states.value(i);
  }
  return refused;
}

std::unique_ptr<pb::Message> New(const pb::Descriptor* type) {
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// One import: reads, calls, and has the outcomes reported.
class Importer {
 public:
  Importer(Session& session, const HistoryKind& kind, const Arguments& arguments)
      : session_(session),
        kind_(kind),
        arguments_(arguments),
        method_(*pb::DescriptorPool::generated_pool()->FindMethodByName(
            absl::StrReplaceAll(ToAbsl(kind.method), {{"/", "."}}))),
        rows_(method_.input_type()->FindFieldByName("rows")),
        outcomes_(method_.output_type()->FindFieldByName("outcomes")),
        request_(New(method_.input_type())),
        bar_(session.console(), session.language(),
             {.title = std::string(session.Say("导入", "import"))}),
        report_(session, arguments.dry_run) {}

  absl::StatusOr<int> Run() && {
    CRM_ASSIGN_OR_RETURN(auto table,
                         tabular::OpenTable(arguments_.file, {.sheet = arguments_.sheet}));
    tabular::Row cells;
    CRM_ASSIGN_OR_RETURN(const bool has_header, table->Next(cells));
    if (!has_header) return UsageError(session_.Say("文件是空的", "the file is empty"));
    CRM_ASSIGN_OR_RETURN(HistoryFileSpec spec, SpecOf(arguments_, session_));
    CRM_ASSIGN_OR_RETURN(
        const HistoryRows rows,
        HistoryRows::Create(kind_.rows, cells.Copy(), std::move(spec), session_.input_rules()));
    TellIgnored(rows);
    CRM_RETURN_IF_ERROR(SetOptions());
    const absl::Status sent = SendAll(rows, *table);
    bar_.Finish();
    // Also of an import that was cut off: what it has stored is stored.
    CRM_RETURN_IF_ERROR(report_.Print());
    CRM_RETURN_IF_ERROR(sent);
    return report_.refused() > 0 ? kPartial : kOk;
  }

 private:
  void TellIgnored(const HistoryRows& rows) {
    if (rows.ignored().empty()) return;
    session_.console().err << session_.Say("忽略的列：", "columns left out: ")
                           << Printable(absl::StrJoin(rows.ignored(), ", ")) << "\n";
  }

  absl::Status SetOptions() {
    request_->GetReflection()->SetBool(request_.get(), FieldOf(*request_, "validate_only"),
                                       arguments_.dry_run);
    for (const auto& [field, value] : arguments_.options) {
      if (value.empty()) continue;
      CRM_RETURN_IF_ERROR(SetPath(*request_, field, value, session_.input_rules()));
    }
    return absl::OkStatus();
  }

  absl::Status SendAll(const HistoryRows& rows, tabular::TableReader& table) {
    CRM_RETURN_IF_ERROR(Take(rows, table));
    return Send(table.progress());
  }

  absl::Status Take(const HistoryRows& rows, tabular::TableReader& table) {
    tabular::Row cells;
    for (;;) {
      const absl::StatusOr<bool> more = table.Next(cells);
      if (!more.ok() && tabular::IsRowError(more.status())) {
        CRM_RETURN_IF_ERROR(Refuse(tabular::LineOf(more.status()), more.status()));
        continue;
      }
      CRM_RETURN_IF_ERROR(more.status());
      if (!*more) return absl::OkStatus();
      CRM_RETURN_IF_ERROR(TakeRow(rows, cells));
      if (waiting() == kRowsOfCall) CRM_RETURN_IF_ERROR(Send(table.progress()));
    }
  }

  absl::Status TakeRow(const HistoryRows& rows, const tabular::Row& cells) {
    const pb::Reflection& reflection = *request_->GetReflection();
    const absl::Status read = rows.Read(cells, *reflection.AddMessage(request_.get(), rows_));
    if (read.ok()) return absl::OkStatus();
    reflection.RemoveLast(request_.get(), rows_);
    return Refuse(cells.line(), read);
  }

  // A row that is not even sent.
  absl::Status Refuse(int64_t line, const absl::Status& why) {
    const std::unique_ptr<pb::Message> outcome = New(outcomes_->message_type());
    const pb::Reflection& reflection = *outcome->GetReflection();
    const pb::FieldDescriptor* state = FieldOf(*outcome, "state");
    reflection.SetInt64(outcome.get(), FieldOf(*outcome, "line"), line);
    reflection.SetEnum(outcome.get(), state, RefusedState(*state->enum_type()));
    pb::Message& problem = *reflection.AddMessage(outcome.get(), FieldOf(*outcome, "problems"));
    SetText(problem, "field", FieldOfError(why));
    SetText(problem, "rule", ErrorReason(why));
    SetText(problem, "mend", std::string(why.message()));
    return report_.Add(*outcome);
  }

  absl::Status Send(const tabular::Progress& progress) {
    if (waiting() == 0) return absl::OkStatus();
    SetText(*request_, "request_id", NewRequestId());
    const std::unique_ptr<pb::Message> response = New(method_.output_type());
    CRM_RETURN_IF_ERROR(session_.Call(kind_.method, *request_, *response));
    const pb::Reflection& reflection = *response->GetReflection();
    for (int i = 0; i < reflection.FieldSize(*response, outcomes_); ++i) {
      CRM_RETURN_IF_ERROR(report_.Add(reflection.GetRepeatedMessage(*response, outcomes_, i)));
    }
    request_->GetReflection()->ClearField(request_.get(), rows_);
    bar_.Update({.done = report_.rows(),
                 .total = 0,
                 .fraction = progress.total == 0 ? 1
                                                 : static_cast<double>(progress.done) /
                                                       static_cast<double>(progress.total)});
    return absl::OkStatus();
  }

  int waiting() const { return request_->GetReflection()->FieldSize(*request_, rows_); }

  Session& session_;
  const HistoryKind& kind_;
  const Arguments& arguments_;
  const pb::MethodDescriptor& method_;
  const pb::FieldDescriptor* const rows_;
  const pb::FieldDescriptor* const outcomes_;
  const std::unique_ptr<pb::Message> request_;
  ProgressBar bar_;
  HistoryReport report_;
};

void AddOptions(const CommandTree& tree, const HistoryKind& kind, Arguments& arguments,
                CLI::App& app) {
  app.add_option("file", arguments.file, tree.Say("文件", "file"))->required();
  app.add_option("--map", arguments.maps,
                 tree.Say("表头=字段；字段为 - 时忽略该列；可重复",
                          "HEADER=FIELD, - to leave the column out; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--value", arguments.values,
                 tree.Say("字段:文本=值，替换单元格的文本；可重复",
                          "FIELD:TEXT=VALUE for what a text means; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--default", arguments.defaults,
                 tree.Say("字段=值，用于没有值的行；可重复",
                          "FIELD=VALUE for rows without one; repeat for more"))
      ->allow_extra_args(false);
  for (const HistoryOption& option : kind.options) {
    app.add_option(option.flag, arguments.options[option.field], tree.Say(option.zh, option.en));
  }
  app.add_option("--sheet", arguments.sheet,
                 tree.Say("工作表；默认第一个", "sheet; the first by default"));
  app.add_flag("--dry-run", arguments.dry_run,
               tree.Say("只检查，不写入", "only check, write nothing"));
}

}  // namespace

void AddHistoryCommands(CommandTree& tree) {
  for (const HistoryKind& kind : HistoryKinds()) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& app = tree.Add(
        kind.command, tree.Say(kind.zh, kind.en),
        [arguments, &kind](Session& session) { return Importer(session, kind, *arguments).Run(); });
    AddOptions(tree, kind, *arguments, app);
  }
}

}  // namespace crm::cli
