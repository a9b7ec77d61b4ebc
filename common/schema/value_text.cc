#include "common/schema/value_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"

namespace crm::schema {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

std::string BoolText(bool value, Language language) {
  if (language == Language::kChinese) return value ? "是" : "否";
  return value ? "yes" : "no";
}

std::string EnumText(const pb::EnumValueDescriptor& value, Language language) {
  return value.number() == 0 ? "" : EnumLabel(value, language);
}

std::string TimeText(const pb::Message& message, const ValueTextRules& rules) {
  pb::Timestamp time;
  // A dynamic message has the type's fields, but is not of its class.
  if (const auto* generated = pb::DynamicCastToGenerated<pb::Timestamp>(&message)) {
    time = *generated;
  } else if (!time.ParseFromString(message.SerializeAsString())) {
    return "";
  }
  return absl::FormatTime(rules.time_format,
                          absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                          rules.zone);
}

std::string MessageText(const pb::Message& message, const FieldSchema& field,
                        const ValueTextRules& rules) {
  if (field.kind == FieldKind::kTimestamp) return TimeText(message, rules);
  return rules.message ? rules.message(message, field) : JsonText(message);
}

std::string NumberText(double value, const FieldSchema& field, const ValueTextRules& rules) {
  return rules.number ? rules.number(value, field) : absl::StrCat(value);
}

std::string PlainText(const std::string& value, const FieldSchema& field,
                      const ValueTextRules& rules) {
  if (field.kind == FieldKind::kBytes) return "";
  return rules.text ? rules.text(value, field) : value;
}

std::string SingleText(const pb::Message& message, const FieldSchema& field,
                       const ValueTextRules& rules) {
  const pb::Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* f = field.descriptor;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return PlainText(reflection.GetString(message, f), field, rules);
    case FieldDescriptor::CPPTYPE_BOOL:
      return BoolText(reflection.GetBool(message, f), rules.language);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*reflection.GetEnum(message, f), rules.language);
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, f));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, f));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, f));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, f));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberText(reflection.GetDouble(message, f), field, rules);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return NumberText(static_cast<double>(reflection.GetFloat(message, f)), field, rules);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(reflection.GetMessage(message, f), field, rules);
  }
  return "";
}

std::string ElementText(const pb::Message& message, const FieldSchema& field, int i,
                        const ValueTextRules& rules) {
  const pb::Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* f = field.descriptor;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return PlainText(reflection.GetRepeatedString(message, f, i), field, rules);
    case FieldDescriptor::CPPTYPE_BOOL:
      return BoolText(reflection.GetRepeatedBool(message, f, i), rules.language);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*reflection.GetRepeatedEnum(message, f, i), rules.language);
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetRepeatedInt32(message, f, i));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetRepeatedInt64(message, f, i));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetRepeatedUInt32(message, f, i));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetRepeatedUInt64(message, f, i));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberText(reflection.GetRepeatedDouble(message, f, i), field, rules);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return NumberText(static_cast<double>(reflection.GetRepeatedFloat(message, f, i)), field,
                        rules);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(reflection.GetRepeatedMessage(message, f, i), field, rules);
  }
  return "";
}

std::string RepeatedText(const pb::Message& message, const FieldSchema& field,
                         const ValueTextRules& rules) {
  std::vector<std::string> texts;
  const int size = message.GetReflection()->FieldSize(message, field.descriptor);
  for (int i = 0; i < size; ++i) texts.push_back(ElementText(message, field, i, rules));
  return absl::StrJoin(texts, ToAbsl(rules.separator));
}

}  // namespace

std::string ValueText(const pb::Message& message, const FieldSchema& field,
                      const ValueTextRules& rules) {
  if (field.repeated) return RepeatedText(message, field, rules);
  const bool is_absent = field.descriptor->has_presence() &&
                         !message.GetReflection()->HasField(message, field.descriptor);
  return is_absent ? "" : SingleText(message, field, rules);
}

std::string JsonText(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  return pb::util::MessageToJsonString(message, &json, options).ok() ? json : "{}";
}

}  // namespace crm::schema
