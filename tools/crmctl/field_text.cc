#include "tools/crmctl/field_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "crm/types/v1/history.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/util/json_util.h"
#include "tools/crmctl/console.h"
#include "tools/crmctl/field_label.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;

constexpr char kUnknown[] = "?";

// A value in a history, which is text already: enum values are stored by name.
std::string HistoryValue(const std::string& value, const FieldSchema* field,
                         const TextRules& rules) {
  if (field == nullptr || field->kind != FieldKind::kEnum || field->repeated) return value;
  const auto* known = schema::FindEnumValue(*field->descriptor->enum_type(), value);
  return known == nullptr ? value : schema::EnumLabel(*known, rules.language);
}

std::string ChangeText(const pb::Message& message, const TextRules& rules) {
  crm::types::v1::FieldChange change;
  if (!change.ParseFromString(message.SerializeAsString())) return kUnknown;
  const FieldSchema* field =
      rules.subject == nullptr ? nullptr : rules.subject->Find(change.field());
  const std::string label = field == nullptr ? change.field() : field->Label(rules.language);
  const std::string none(Say(rules.language, "无", "none"));
  return absl::StrCat(
      label, ": ", change.has_old_value() ? HistoryValue(change.old_value(), field, rules) : none,
      " → ", change.has_new_value() ? HistoryValue(change.new_value(), field, rules) : none);
}

std::string MaskText(const pb::Message& message) {
  pb::FieldMask mask;
  if (!mask.ParseFromString(message.SerializeAsString())) return kUnknown;
  return pb::util::FieldMaskUtil::ToString(mask);
}

std::string MessageText(const pb::Message& message, const FieldSchema& field,
                        const TextRules& rules) {
  if (field.kind == FieldKind::kFieldMask) return MaskText(message);
  if (field.kind != FieldKind::kMessage) return JsonText(message);
  if (message.GetTypeName() == crm::types::v1::FieldChange::descriptor()->full_name()) {
    return ChangeText(message, rules);
  }
  return absl::StrJoin(FieldTexts(message, rules), ToAbsl(Say(rules.language, "，", ", ")),
                       [](std::string* out, const auto& each) {
                         absl::StrAppend(out, each.first, " ", each.second);
                       });
}

bool IsSet(const pb::Message& message, const FieldSchema& field) {
  if (field.repeated) return message.GetReflection()->FieldSize(message, field.descriptor) > 0;
  return message.GetReflection()->HasField(message, field.descriptor);
}

}  // namespace

std::string FieldText(const pb::Message& message, const FieldSchema& field,
                      const TextRules& rules) {
  if (!IsSet(message, field)) return "";
  const bool a_line_each = field.kind == FieldKind::kMessage;
  return schema::ValueText(message, field,
                           {.language = rules.language,
                            .zone = rules.zone,
                            .separator = a_line_each ? "\n" : Say(rules.language, "、", ", "),
                            .message = [&rules](const pb::Message& inner, const FieldSchema& of) {
                              return MessageText(inner, of, rules);
                            }});
}

std::vector<std::pair<std::string, std::string>> FieldTexts(const pb::Message& message,
                                                            const TextRules& rules) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const FieldSchema& field : MessageSchema::Of(message.GetDescriptor()).fields()) {
    std::string text = FieldText(message, field, rules);
    if (!text.empty()) texts.emplace_back(FieldLabel(field, rules.language), std::move(text));
  }
  return texts;
}

const FieldSchema* FindAt(const MessageSchema& schema, std::string_view path) {
  const size_t dot = path.find('.');
  const FieldSchema* field = schema.Find(path.substr(0, dot));
  if (field == nullptr || dot == std::string_view::npos) return field;
  if (field->message == nullptr || field->repeated) return nullptr;
  return FindAt(*field->message, path.substr(dot + 1));
}

FieldAt FindAt(const pb::Message& message, std::string_view path) {
  const size_t dot = path.find('.');
  const FieldSchema* field = MessageSchema::Of(message.GetDescriptor()).Find(path.substr(0, dot));
  if (field == nullptr || dot == std::string_view::npos) return {&message, field};
  if (field->message == nullptr || field->repeated) return {};
  return FindAt(message.GetReflection()->GetMessage(message, field->descriptor),
                path.substr(dot + 1));
}

bool IsNumeric(const FieldSchema& field) {
  if (field.repeated) return false;
  return field.kind == FieldKind::kInteger || field.kind == FieldKind::kDouble ||
         field.options->format() == crm::options::v1::FORMAT_DECIMAL;
}

std::string PrettyJsonText(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = true;
  std::string json;
  return pb::util::MessageToJsonString(message, &json, options).ok() ? json : "{}\n";
}

}  // namespace crm::cli
