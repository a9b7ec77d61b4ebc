#include "tools/crmctl/fields_command.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "tools/crmctl/command_spec.h"
#include "tools/crmctl/resource_command.h"
#include "tools/crmctl/table.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;
using schema::FieldSchema;
using schema::MessageSchema;

// Resources are what the commands can read or write: the bodies and rows of the table.
std::vector<const pb::Descriptor*> Resources() {
  std::vector<const pb::Descriptor*> found;
  for (const CommandSpec& spec : CommandSpecs()) {
    const pb::MethodDescriptor* method = MethodOf(spec);
    if (method == nullptr) continue;
    const pb::Descriptor* type = method->output_type();
    if (const auto* rows = RowsOf(spec, *type)) type = rows->message_type();
    const bool stored = MessageSchema::Of(type).resource() != nullptr;
    if (stored && std::find(found.begin(), found.end(), type) == found.end()) found.push_back(type);
  }
  return found;
}

absl::StatusOr<const pb::Descriptor*> ResourceOf(Session& session, const std::string& name) {
  std::vector<std::string> names;
  for (const pb::Descriptor* type : Resources()) {
    const auto& label = MessageSchema::Of(type).resource()->label();
    if (absl::EqualsIgnoreCase(type->name(), name) || type->full_name() == name ||
        label.zh() == name || label.en() == name) {
      return type;
    }
    names.push_back(type->name());
  }
  if (const auto* type =
          pb::DescriptorPool::generated_pool()->FindMessageTypeByName(FullName(name))) {
    return type;
  }
  return UsageError(
      absl::StrCat(ToAbsl(session.Say("没有这种记录；有：", "no such resource; there are: ")),
                   absl::StrJoin(names, ", ")));
}

std::string ValuesOf(const FieldSchema& field, Language language) {
  const pb::EnumDescriptor* type = field.descriptor->enum_type();
  if (type == nullptr) return "";
  std::vector<std::string> values;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() != 0)
      values.push_back(schema::EnumLabel(*type->value(i), language));
  }
  return absl::StrJoin(values, " | ");
}

std::string NotesOf(const FieldSchema& field, Language language) {
  const auto& options = *field.options;
  std::vector<std::string> notes;
  if (options.required()) notes.emplace_back(Say(language, "必填", "required"));
  if (options.output_only()) notes.emplace_back(Say(language, "只读", "read-only"));
  if (options.immutable()) notes.emplace_back(Say(language, "不可更改", "fixed at creation"));
  if (options.filterable()) notes.emplace_back(Say(language, "可筛选", "filter"));
  if (options.sortable()) notes.emplace_back(Say(language, "可排序", "sort"));
  if (!options.unit().empty()) notes.push_back(options.unit());
  if (!options.managed_list().empty()) {
    notes.push_back(absl::StrCat(ToAbsl(Say(language, "列表 ", "list ")), options.managed_list()));
  }
  std::string values = ValuesOf(field, language);
  if (!values.empty()) notes.push_back(std::move(values));
  return absl::StrJoin(notes, ToAbsl(Say(language, "，", ", ")));
}

absl::StatusOr<int> Run(Session& session, const std::string& name) {
  CRM_ASSIGN_OR_RETURN(const pb::Descriptor* type, ResourceOf(session, name));
  Console& console = session.console();
  Table table({{std::string(session.Say("字段", "FIELD"))},
               {std::string(session.Say("名称", "LABEL"))},
               {std::string(session.Say("说明", "NOTES"))}},
              console.out_is_terminal ? console.width : 0, session.style());
  for (const FieldSchema& field : MessageSchema::Of(type).fields()) {
    table.Add({field.name, field.Label(session.language()), NotesOf(field, session.language())});
  }
  console.out << table.Flush();
  return kOk;
}

}  // namespace

void AddFieldsCommand(CommandTree& tree) {
  auto name = std::make_shared<std::string>("customer");
  CLI::App& app = tree.Add("fields",
                           tree.Say("列出一种记录的字段，如 customer、contact",
                                    "list the fields of a resource, such as customer or contact"),
                           [name](Session& session) { return Run(session, *name); });
  app.add_option("resource", *name, tree.Say("记录", "resource"))->capture_default_str();
}

}  // namespace crm::cli
