#include "tools/crmctl/history_command.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/schema/message_schema.h"
#include "common/tabular/table.h"
#include "tools/crmctl/field_input.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;

struct HistoryCommand {
  std::string_view path;
  std::string_view zh;
  std::string_view en;
  std::string_view method;
};

constexpr HistoryCommand kCommands[] = {
    {"ticket import", "导入旧系统的工单（CSV、XLSX），保留原有时间",
     "import tickets of an older system (CSV, XLSX) with their own times",
     "crm.ticket.v1.TicketImportService/ImportTickets"},
};

constexpr int kRowsOfCall = 500;

struct Arguments {
  std::string file;
  std::string sheet;
  std::vector<std::string> maps;
  bool dry_run = false;
};

std::string TextOf(const pb::Message& message, const char* name) {
  const pb::FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

void SetText(pb::Message& message, const char* name, const std::string& text) {
  const pb::FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) message.GetReflection()->SetString(&message, field, text);
}

int64_t LineOf(const pb::Message& message) {
  return message.GetReflection()->GetInt64(message,
                                           message.GetDescriptor()->FindFieldByName("line"));
}

void SetLine(pb::Message& message, int64_t line) {
  message.GetReflection()->SetInt64(&message, message.GetDescriptor()->FindFieldByName("line"),
                                    line);
}

// The state of that name's end, such as `_REFUSED`.
const pb::EnumValueDescriptor& StateOf(const pb::Message& outcome) {
  return *outcome.GetReflection()->GetEnum(outcome,
                                           outcome.GetDescriptor()->FindFieldByName("state"));
}

void SetRefused(pb::Message& outcome) {
  const pb::FieldDescriptor* state = outcome.GetDescriptor()->FindFieldByName("state");
  for (int i = 0; i < state->enum_type()->value_count(); ++i) {
    const pb::EnumValueDescriptor* value = state->enum_type()->value(i);
    if (absl::EndsWith(value->name(), "REFUSED")) {
      outcome.GetReflection()->SetEnum(&outcome, state, value);
    }
  }
}

bool IsRefused(const pb::Message& outcome) {
  return absl::EndsWith(StateOf(outcome).name(), "REFUSED");
}

// One import: reads, calls, and keeps count.
class Importer {
 public:
  Importer(Session& session, const HistoryCommand& command, const Arguments& arguments)
      : session_(session),
        command_(command),
        arguments_(arguments),
        method_(*pb::DescriptorPool::generated_pool()->FindMethodByName(
            absl::StrReplaceAll(ToAbsl(command.method), {{"/", "."}}))),
        rows_(method_.input_type()->FindFieldByName("rows")),
        outcomes_(method_.output_type()->FindFieldByName("outcomes")),
        request_(New(method_.input_type())) {}

  absl::StatusOr<int> Run() && {
    CRM_ASSIGN_OR_RETURN(
        std::unique_ptr<tabular::TableReader> table,
        tabular::OpenTable(
            arguments_.file,
            {.encoding = {}, .delimiter = {}, .sheet = arguments_.sheet, .limits = {}}));
    tabular::Row row;
    CRM_ASSIGN_OR_RETURN(const bool has_header, table->Next(row));
    if (!has_header) return UsageError(session_.Say("文件没有内容", "the file is empty"));
    CRM_RETURN_IF_ERROR(FindColumns(row));
    if (session_.output() != Output::kTable) {
      CRM_ASSIGN_OR_RETURN(
          Records records,
          Records::Create(session_, schema::MessageSchema::Of(outcomes_->message_type()), {}));
      records_ = std::make_unique<Records>(std::move(records));
    }
    for (;;) {
      CRM_ASSIGN_OR_RETURN(const bool more, table->Next(row));
      if (!more) break;
      CRM_RETURN_IF_ERROR(Add(row));
    }
    CRM_RETURN_IF_ERROR(Send());
    return Finish();
  }

 private:
  static std::unique_ptr<pb::Message> New(const pb::Descriptor* type) {
    return std::unique_ptr<pb::Message>(
        pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
  }

  // The field of each column; empty = left out.
  absl::Status FindColumns(const tabular::Row& header) {
    std::map<std::string, std::string, std::less<>> mapped;
    for (const std::string& map : arguments_.maps) {
      const size_t sign = map.rfind('=');
      if (sign == std::string::npos) {
        return UsageError(
            absl::StrCat(ToAbsl(session_.Say("应为 表头=字段：", "expected HEADER=FIELD: ")), map));
      }
      mapped[map.substr(0, sign)] = map.substr(sign + 1);
    }
    for (const std::string_view cell : header.cells()) {
      const auto map = mapped.find(cell);
      const std::string name(map == mapped.end() ? cell : std::string_view(map->second));
      if (name == "-" || name.empty()) {
        columns_.emplace_back();
        continue;
      }
      CRM_ASSIGN_OR_RETURN(
          const schema::FieldSchema* field,
          FindField(schema::MessageSchema::Of(rows_->message_type()), name, session_.language()));
      columns_.emplace_back(field->name);
    }
    return absl::OkStatus();
  }

  absl::Status Add(const tabular::Row& cells) {
    pb::Message& row = *request_->GetReflection()->AddMessage(request_.get(), rows_);
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].empty() || cells[i].empty()) continue;
      const absl::Status set = SetPath(row, columns_[i], cells[i], session_.input_rules());
      if (set.ok()) continue;
      request_->GetReflection()->RemoveLast(request_.get(), rows_);
      return Misread(cells.line(), columns_[i], set);
    }
    SetLine(row, cells.line());
    const int waiting = request_->GetReflection()->FieldSize(*request_, rows_);
    return waiting < kRowsOfCall ? absl::OkStatus() : Send();
  }

  // A cell that is no value of its field: refused before it is sent.
  absl::Status Misread(int64_t line, const std::string& field, const absl::Status& why) {
    const std::unique_ptr<pb::Message> outcome = New(outcomes_->message_type());
    SetLine(*outcome, line);
    SetRefused(*outcome);
    const pb::FieldDescriptor* problems = outcome->GetDescriptor()->FindFieldByName("problems");
    pb::Message& problem = *outcome->GetReflection()->AddMessage(outcome.get(), problems);
    SetText(problem, "field", field);
    SetText(problem, "rule", "MALFORMED");
    SetText(problem, "mend", std::string(why.message()));
    return Tell(*outcome);
  }

  absl::Status Send() {
    if (request_->GetReflection()->FieldSize(*request_, rows_) == 0) return absl::OkStatus();
    SetText(*request_, "request_id", NewRequestId());
    request_->GetReflection()->SetBool(request_.get(),
                                       request_->GetDescriptor()->FindFieldByName("validate_only"),
                                       arguments_.dry_run);
    const std::unique_ptr<pb::Message> response = New(method_.output_type());
    CRM_RETURN_IF_ERROR(session_.Call(command_.method, *request_, *response));
    const pb::Reflection& reflection = *response->GetReflection();
    for (int i = 0; i < reflection.FieldSize(*response, outcomes_); ++i) {
      CRM_RETURN_IF_ERROR(Tell(reflection.GetRepeatedMessage(*response, outcomes_, i)));
    }
    request_->Clear();
    return absl::OkStatus();
  }

  absl::Status Tell(const pb::Message& outcome) {
    ++counts_[schema::EnumLabel(StateOf(outcome), session_.language())];
    if (IsRefused(outcome)) ++refused_;
    if (records_ != nullptr) return records_->Add(outcome);
    const pb::FieldDescriptor* problems = outcome.GetDescriptor()->FindFieldByName("problems");
    const pb::Reflection& reflection = *outcome.GetReflection();
    for (int i = 0; i < reflection.FieldSize(outcome, problems); ++i) {
      const pb::Message& problem = reflection.GetRepeatedMessage(outcome, problems, i);
      session_.console().out << session_.Say("第 ", "line ") << LineOf(outcome)
                             << session_.Say(" 行，", ", ") << TextOf(problem, "field") << ": "
                             << TextOf(problem, "mend") << " [" << TextOf(problem, "rule") << "]\n";
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> Finish() {
    if (records_ != nullptr) {
      CRM_RETURN_IF_ERROR(records_->Flush());
    } else {
      std::string summary;
      for (const auto& [state, count] : counts_) {
        absl::StrAppend(&summary, summary.empty() ? "" : ToAbsl(session_.Say("，", ", ")), state,
                        " ", count);
      }
      session_.console().out << summary << "\n";
    }
    return refused_ > 0 ? kPartial : kOk;
  }

  Session& session_;
  const HistoryCommand& command_;
  const Arguments& arguments_;
  const pb::MethodDescriptor& method_;
  const pb::FieldDescriptor* const rows_;
  const pb::FieldDescriptor* const outcomes_;
  std::unique_ptr<pb::Message> request_;
  std::vector<std::string> columns_;
  std::unique_ptr<Records> records_;
  std::map<std::string, int64_t> counts_;
  int64_t refused_ = 0;
};

void AddHistoryCommand(CommandTree& tree, const HistoryCommand& command) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App& app = tree.Add(command.path, tree.Say(command.zh, command.en),
                           [arguments, &command](Session& session) {
                             return Importer(session, command, *arguments).Run();
                           });
  app.add_option("file", arguments->file, tree.Say("文件", "file"))->required();
  app.add_option("--sheet", arguments->sheet,
                 tree.Say("工作表；默认第一个", "sheet; the first by default"));
  app.add_option("--map", arguments->maps,
                 tree.Say("表头=字段；字段为 - 时忽略该列；可重复",
                          "HEADER=FIELD, - to leave the column out; repeat for more"))
      ->allow_extra_args(false);
  app.add_flag("--dry-run", arguments->dry_run,
               tree.Say("只检查，不写入", "check only, nothing is written"));
}

}  // namespace

void AddHistoryCommands(CommandTree& tree) {
  for (const HistoryCommand& command : kCommands) AddHistoryCommand(tree, command);
}

}  // namespace crm::cli
