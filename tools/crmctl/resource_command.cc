#include "tools/crmctl/resource_command.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "google/protobuf/field_mask.pb.h"
#include "tools/crmctl/field_label.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;

constexpr std::string_view kOptional = "?";
constexpr std::string_view kRest = "...";
constexpr char kRequestId[] = "request_id";
constexpr char kEtag[] = "etag";
constexpr char kPageToken[] = "page_token";
constexpr char kNextPageToken[] = "next_page_token";

// Options that every command has: request fields of these names get a prefix.
const std::set<std::string>& ReservedFlags() {
  static const std::set<std::string>& names = *new std::set<std::string>{
      "address",  "token", "token-file", "ca",          "certificate", "key",     "output",
      "language", "field", "fields",     "clear",       "json",        "set",     "all",
      "timeout",  "help",  "no-color",   "server-name", "export",      "purpose", "sheet"};
  return names;
}

struct Positional {
  std::string_view path;
  bool optional = false;
  bool rest = false;
};

Positional ParsePositional(std::string_view text) {
  Positional positional;
  positional.optional = text.substr(0, kOptional.size()) == kOptional;
  if (positional.optional) text.remove_prefix(kOptional.size());
  positional.rest = text.size() > kRest.size() && text.substr(text.size() - kRest.size()) == kRest;
  if (positional.rest) text.remove_suffix(kRest.size());
  positional.path = text;
  return positional;
}

std::string_view FirstName(std::string_view path) { return path.substr(0, path.find('.')); }

// The declaration of a positional, indexes of lists left out.
const FieldSchema* FieldOf(const MessageSchema& schema, std::string_view path) {
  const MessageSchema* at = &schema;
  const FieldSchema* field = nullptr;
  for (absl::string_view part : absl::StrSplit(ToAbsl(path), '.')) {
    if (std::isdigit(static_cast<unsigned char>(part.front())) != 0) continue;
    if (at == nullptr) return nullptr;
    field = at->Find(ToStd(part));
    if (field == nullptr) return nullptr;
    at = field->message;
  }
  return field;
}

bool IsFlag(const FieldSchema& field) {
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kInteger:
    case FieldKind::kBool:
    case FieldKind::kDouble:
    case FieldKind::kEnum:
    case FieldKind::kTimestamp:
      return true;
    default:
      return false;
  }
}

std::vector<const FieldSchema*> FlagFields(const CommandSpec& spec, const MessageSchema& request) {
  std::set<std::string_view> taken{spec.body};
  for (const std::string_view text : spec.positionals) {
    taken.insert(FirstName(ParsePositional(text).path));
  }
  std::vector<const FieldSchema*> fields;
  for (const FieldSchema& field : request.fields()) {
    if (IsFlag(field) && taken.count(field.name) == 0) fields.push_back(&field);
  }
  return fields;
}

std::string FlagName(const std::string& field) {
  const std::string name = absl::StrReplaceAll(field, {{"_", "-"}});
  return absl::StrCat("--", ReservedFlags().count(name) > 0 ? "request-" : "", name);
}

std::unique_ptr<pb::Message> NewMessage(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

absl::StatusOr<std::string> ReadInput(const std::string& file, Session& session) {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(session.console().in), {});
  std::ifstream stream(file);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (stream.good() || stream.eof()) {
    if (!text.empty()) return text;
  }
  return UsageError(
      absl::StrCat(ToAbsl(session.Say("读不到文件 ", "cannot read the file ")), file));
}

// Names of the fields that a patch sets and a mask may name.
void AddSetFields(const pb::Message& patch, std::set<std::string>& mask) {
  const MessageSchema& schema = MessageSchema::Of(patch.GetDescriptor());
  for (const FieldSchema& field : schema.fields()) {
    if (field.options->output_only() || field.name == kEtag) continue;
    if (schema.resource() != nullptr && field.name == schema.resource()->number_field()) continue;
    const bool set = field.repeated ? patch.GetReflection()->FieldSize(patch, field.descriptor) > 0
                                    : patch.GetReflection()->HasField(patch, field.descriptor);
    if (set) mask.insert(field.name);
  }
}

absl::Status FillBody(const CommandSpec& spec, const CommandArguments& arguments, Session& session,
                      pb::Message& request, std::set<std::string>& mask) {
  const auto* field = request.GetDescriptor()->FindFieldByName(std::string(spec.body));
  if (field == nullptr) return absl::OkStatus();
  pb::Message& body = *request.GetReflection()->MutableMessage(&request, field);
  if (!arguments.json.empty()) {
    CRM_ASSIGN_OR_RETURN(const std::string json, ReadInput(arguments.json, session));
    CRM_RETURN_IF_ERROR(MergeJson(json, body, session.language()));
    AddSetFields(body, mask);
  }
  for (const std::string& assignment : arguments.fields) {
    CRM_ASSIGN_OR_RETURN(std::string path, SetAssignment(body, assignment, session.input_rules()));
    if (path != kEtag) mask.insert(std::move(path));
  }
  for (const std::string& name : arguments.clear) {
    CRM_ASSIGN_OR_RETURN(std::string path, MaskPath(MessageSchema::Of(body.GetDescriptor()), name,
                                                    session.language()));
    mask.insert(std::move(path));
  }
  return absl::OkStatus();
}

void FillMask(const std::set<std::string>& mask, pb::Message& request) {
  const FieldSchema* field = MessageSchema::Of(request.GetDescriptor()).update_mask();
  if (field == nullptr) return;
  auto& target = static_cast<pb::FieldMask&>(
      *request.GetReflection()->MutableMessage(&request, field->descriptor));
  for (const std::string& path : mask) target.add_paths(path);
}

absl::Status FillPositionals(const CommandSpec& spec, const CommandArguments& arguments,
                             Session& session, pb::Message& request) {
  for (size_t i = 0; i < spec.positionals.size() && i < arguments.positionals.size(); ++i) {
    const Positional positional = ParsePositional(spec.positionals[i]);
    for (const std::string& value : arguments.positionals[i]) {
      CRM_RETURN_IF_ERROR(SetPath(request, positional.path, value, session.input_rules()));
    }
  }
  return absl::OkStatus();
}

absl::Status FillFlags(const CommandArguments& arguments, Session& session, pb::Message& request) {
  for (const auto& [field, values] : arguments.flags) {
    for (const std::string& value : values) {
      CRM_RETURN_IF_ERROR(SetPath(request, field, value, session.input_rules()));
    }
  }
  for (const auto& [field, on] : arguments.switches) {
    if (on) CRM_RETURN_IF_ERROR(SetPath(request, field, "true", session.input_rules()));
  }
  for (const std::string& assignment : arguments.set) {
    CRM_RETURN_IF_ERROR(SetAssignment(request, assignment, session.input_rules()).status());
  }
  return absl::OkStatus();
}

void FillRequestId(pb::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName(kRequestId);
  if (field == nullptr || !request.GetReflection()->GetString(request, field).empty()) return;
  request.GetReflection()->SetString(&request, field, NewRequestId());
}

std::string TextOf(const pb::Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

void PrintNote(Session& session, std::string_view note) {
  if (session.output() != Output::kTable) return;
  session.console().err << session.error_style().Dim(note) << "\n";
}

void PrintTail(Session& session, const pb::Message& response, size_t count) {
  const FieldSchema* total = MessageSchema::Of(response.GetDescriptor()).Find("total");
  const std::string all = total == nullptr ? "" : FieldText(response, *total, session.text_rules());
  std::string note = absl::StrCat(count, ToAbsl(session.Say(" 条", " rows")));
  if (!all.empty()) absl::StrAppend(&note, ToAbsl(session.Say("，共 ", " of ")), all);
  const std::string next = TextOf(response, kNextPageToken);
  if (!next.empty()) {
    absl::StrAppend(&note,
                    ToAbsl(session.Say("；还有更多：加 --all，或 --page-token ",
                                       "; there are more: add --all, or --page-token ")),
                    next);
  }
  PrintNote(session, note);
}

std::vector<std::string> ColumnsOf(const CommandSpec& spec, const CommandArguments& arguments,
                                   const MessageSchema& row) {
  if (arguments.columns == "all") return {};
  if (!arguments.columns.empty()) {
    return absl::StrSplit(absl::StrReplaceAll(arguments.columns, {{"，", ","}}), ',',
                          absl::SkipWhitespace());
  }
  std::vector<std::string> columns;
  for (const std::string_view path : spec.columns) {
    // A column that this build's protos do not have is left out.
    if (FindAt(row, path) != nullptr) columns.emplace_back(path);
  }
  return columns;
}

const MessageSchema* SubjectOf(const CommandSpec& spec) {
  if (spec.subject.empty()) return nullptr;
  const auto* type =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(FullName(spec.subject));
  return type == nullptr ? nullptr : &MessageSchema::Of(type);
}

// Pages until there are no more, or one page.
class Listing {
 public:
  Listing(const CommandSpec& spec, const CommandArguments& arguments, Session& session,
          const pb::MethodDescriptor& method)
      : spec_(spec),
        arguments_(arguments),
        session_(session),
        rows_(RowsOf(spec, *method.output_type())),
        response_(NewMessage(*method.output_type())) {}

  absl::Status Print(pb::Message& request) {
    const MessageSchema& row = MessageSchema::Of(rows_->message_type());
    CRM_ASSIGN_OR_RETURN(
        Records records,
        Records::Create(session_, row, ColumnsOf(spec_, arguments_, row), SubjectOf(spec_)));
    while (true) {
      response_->Clear();
      CRM_RETURN_IF_ERROR(session_.Call(FullName(spec_.method), request, *response_));
      CRM_RETURN_IF_ERROR(AddPage(records));
      const std::string next = TextOf(*response_, kNextPageToken);
      if (!arguments_.all || next.empty()) break;
      CRM_RETURN_IF_ERROR(SetPath(request, kPageToken, next, session_.input_rules()));
    }
    PrintTail(session_, *response_, records.count());
    return absl::OkStatus();
  }

 private:
  absl::Status AddPage(Records& records) {
    const pb::Message& holder = *FindAt(*response_, spec_.rows).message;
    const pb::Reflection& reflection = *holder.GetReflection();
    for (int i = 0; i < reflection.FieldSize(holder, rows_); ++i) {
      CRM_RETURN_IF_ERROR(records.Add(reflection.GetRepeatedMessage(holder, rows_, i)));
    }
    return records.Flush();
  }

  const CommandSpec& spec_;
  const CommandArguments& arguments_;
  Session& session_;
  const pb::FieldDescriptor* rows_;
  std::unique_ptr<pb::Message> response_;
};

std::string FieldHelp(const FieldSchema& field, Language language) {
  std::string help = FieldLabel(field, language);
  if (field.kind == FieldKind::kEnum) {
    std::vector<std::string> values;
    const auto& type = *field.descriptor->enum_type();
    for (int i = 0; i < type.value_count(); ++i) {
      if (type.value(i)->number() != 0)
        values.push_back(schema::EnumLabel(*type.value(i), language));
    }
    absl::StrAppend(&help, ": ", absl::StrJoin(values, " | "));
  }
  if (!field.options->unit().empty()) absl::StrAppend(&help, " (", field.options->unit(), ")");
  return help;
}

void AddPositionals(const CommandSpec& spec, const MessageSchema& request,
                    CommandArguments& arguments, Language language, CLI::App& app) {
  arguments.positionals.resize(spec.positionals.size());
  for (size_t i = 0; i < spec.positionals.size(); ++i) {
    const Positional positional = ParsePositional(spec.positionals[i]);
    const FieldSchema* field = FieldOf(request, positional.path);
    const std::string_view path = positional.path;
    const size_t dot = path.rfind('.');
    const std::string name(dot == std::string_view::npos ? path : path.substr(dot + 1));
    CLI::Option* option = app.add_option(name, arguments.positionals[i],
                                         field == nullptr ? name : FieldHelp(*field, language));
    option->required(!positional.optional);
    if (!positional.rest) option->expected(1)->allow_extra_args(false);
  }
}

void AddFlags(const CommandSpec& spec, const MessageSchema& request, CommandArguments& arguments,
              Language language, CLI::App& app) {
  for (const FieldSchema* field : FlagFields(spec, request)) {
    const std::string help = FieldHelp(*field, language);
    if (field->kind == FieldKind::kBool && !field->repeated) {
      app.add_flag(FlagName(field->name), arguments.switches[field->name], help);
    } else {
      app.add_option(FlagName(field->name), arguments.flags[field->name], help)
          ->allow_extra_args(false);
    }
  }
}

void AddBodyOptions(const CommandTree& tree, const MessageSchema& request,
                    CommandArguments& arguments, CLI::App& app) {
  app.add_option("-f,--field", arguments.fields,
                 tree.Say("字段=值，字段可用名称或标签；可重复",
                          "FIELD=VALUE, by name or label; repeat for more"))
      ->allow_extra_args(false);
  app.add_option("--json", arguments.json,
                 tree.Say("从 JSON 文件读取字段，- 为标准输入",
                          "fields from a JSON file, - for standard input"));
  if (request.update_mask() == nullptr) return;
  app.add_option("--clear", arguments.clear,
                 tree.Say("清空的字段；可重复", "field to clear; repeat for more"))
      ->allow_extra_args(false);
}

void AddRowOptions(const CommandTree& tree, const pb::MethodDescriptor& method,
                   CommandArguments& arguments, CLI::App& app) {
  app.add_option("--fields", arguments.columns,
                 tree.Say("表格的列，逗号分隔；all 为全部",
                          "columns, separated by commas; all for every field"));
  if (method.output_type()->FindFieldByName(kNextPageToken) == nullptr) return;
  app.add_flag("--all", arguments.all, tree.Say("所有页", "every page"));
}

void AddCommand(const CommandSpec& spec, std::string_view path, const pb::MethodDescriptor& method,
                CommandTree& tree) {
  auto arguments = std::make_shared<CommandArguments>();
  CLI::App& app = tree.Add(path, tree.Say(spec.zh, spec.en), [&spec, arguments](Session& session) {
    return RunCommand(spec, *arguments, session);
  });
  const MessageSchema& request = MessageSchema::Of(method.input_type());
  AddPositionals(spec, request, *arguments, tree.language(), app);
  if (!spec.body.empty()) AddBodyOptions(tree, request, *arguments, app);
  if (!spec.rows.empty()) AddRowOptions(tree, method, *arguments, app);
  if (IsReport(method)) AddExportOptions(tree, arguments->exporting, app);
  AddFlags(spec, request, *arguments, tree.language(), app);
  app.add_option("--set", arguments->set,
                 tree.Say("请求的任一字段：路径=值；可重复",
                          "any request field: PATH=VALUE; repeat for more"))
      ->allow_extra_args(false);
}

}  // namespace

const pb::MethodDescriptor* MethodOf(const CommandSpec& spec) {
  std::string name = FullName(spec.method);
  std::replace(name.begin(), name.end(), '/', '.');
  return pb::DescriptorPool::generated_pool()->FindMethodByName(name);
}

const pb::FieldDescriptor* RowsOf(const CommandSpec& spec, const pb::Descriptor& response) {
  if (spec.rows.empty()) return nullptr;
  const FieldSchema* field = FindAt(MessageSchema::Of(&response), spec.rows);
  return field == nullptr ? nullptr : field->descriptor;
}

absl::Status FillRequest(const CommandSpec& spec, const CommandArguments& arguments,
                         Session& session, pb::Message& request) {
  std::set<std::string> mask;
  CRM_RETURN_IF_ERROR(FillBody(spec, arguments, session, request, mask));
  CRM_RETURN_IF_ERROR(FillPositionals(spec, arguments, session, request));
  CRM_RETURN_IF_ERROR(FillFlags(arguments, session, request));
  FillMask(mask, request);
  FillRequestId(request);
  return absl::OkStatus();
}

absl::StatusOr<int> RunCommand(const CommandSpec& spec, const CommandArguments& arguments,
                               Session& session) {
  const pb::MethodDescriptor& method = *MethodOf(spec);
  const std::unique_ptr<pb::Message> request = NewMessage(*method.input_type());
  CRM_RETURN_IF_ERROR(FillRequest(spec, arguments, session, *request));
  if (arguments.exporting.wanted()) {
    return ExportReport(session, FullName(spec.method), *request, arguments.exporting, spec.rows);
  }
  if (!spec.rows.empty()) {
    CRM_RETURN_IF_ERROR(Listing(spec, arguments, session, method).Print(*request));
    return kOk;
  }
  const std::unique_ptr<pb::Message> response = NewMessage(*method.output_type());
  CRM_RETURN_IF_ERROR(session.Call(FullName(spec.method), *request, *response));
  if (response->ByteSizeLong() == 0) {
    PrintNote(session, session.Say("完成", "done"));
    return kOk;
  }
  CRM_RETURN_IF_ERROR(PrintMessage(session, *response));
  return kOk;
}

void AddResourceCommands(CommandTree& tree) {
  std::set<std::string_view> added;
  for (const CommandSpec& spec : CommandSpecs()) {
    const pb::MethodDescriptor* method = MethodOf(spec);
    if (method == nullptr) continue;
    for (const std::string_view path : {spec.path, spec.also}) {
      if (path.empty()) continue;
      AddCommand(spec, path, *method, tree);
      added.insert(path.substr(0, path.rfind(' ')));
    }
  }
  for (const CommandGroup& group : CommandGroups()) {
    if (added.count(group.path) > 0) tree.DescribeGroup(group.path, tree.Say(group.zh, group.en));
  }
}

}  // namespace crm::cli
