#include "tools/crmctl/field_input.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/near_names.h"
#include "common/text/unicode.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tools/crmctl/console.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::Language;
using schema::MessageSchema;

absl::Status BadValue(const FieldSchema& field, std::string_view expected, Language language) {
  return UsageError(absl::StrCat(field.name, " (", field.Label(language), "): ",
                                 ToAbsl(Say(language, "应为", "expected ")), ToAbsl(expected)));
}

std::vector<std::string> AllowedValues(const pb::EnumDescriptor& type, Language language) {
  std::vector<std::string> values;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) values.push_back(schema::EnumLabel(*type.value(i), language));
  }
  return values;
}

bool IsCalled(const FieldSchema& field, std::string_view folded) {
  const auto is = [&](std::string_view name) {
    return !name.empty() && text::FoldForSearch(name) == folded;
  };
  if (is(field.options->label().zh()) || is(field.options->label().en())) return true;
  for (const std::string& alias : field.options->header_alias()) {
    if (is(alias)) return true;
  }
  return false;
}

// The value for one element, in the field's own type; set and added by the two callers below.
template <typename Integer>
std::optional<Integer> ParseInteger(std::string_view text) {
  Integer number = 0;
  if (!absl::SimpleAtoi(ToAbsl(text), &number)) return std::nullopt;
  return number;
}

std::optional<bool> ParseBool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "1", "是", "y"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(yes))) return true;
  }
  for (const std::string_view no : {"false", "no", "0", "否", "n"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(no))) return false;
  }
  return std::nullopt;
}

std::optional<absl::Time> ParseTime(std::string_view text, absl::TimeZone zone) {
  absl::Time time;
  for (const char* format : {absl::RFC3339_full, "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%dT%H:%M:%E*S",
                             "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, ToAbsl(text), zone, &time, nullptr)) return time;
  }
  return std::nullopt;
}

// What a key of a Struct holds: JSON where it looks like it, else text.
pb::Value StructValue(std::string_view text) {
  pb::Value value;
  const bool json =
      text == "true" || text == "false" || text == "null" ||
      (!text.empty() && (text.front() == '"' || text.front() == '[' || text.front() == '{'));
  if (json && pb::util::JsonStringToMessage(std::string(text), &value).ok()) return value;
  double number = 0;
  if (absl::SimpleAtod(ToAbsl(text), &number)) {
    value.set_number_value(number);
  } else {
    value.set_string_value(std::string(text));
  }
  return value;
}

class Assigner {
 public:
  Assigner(pb::Message& message, const FieldSchema& field, const InputRules& rules)
      : message_(message), field_(field), f_(field.descriptor), rules_(rules) {}

  absl::Status Assign(std::string_view text) {
    if (!field_.repeated) return AssignOne(text);
    if (f_->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) return AssignMessages(text);
    const std::string commas = absl::StrReplaceAll(ToAbsl(text), {{"，", ","}, {"、", ","}});
    for (absl::string_view part : absl::StrSplit(commas, ',', absl::SkipWhitespace())) {
      CRM_RETURN_IF_ERROR(AssignOne(ToStd(absl::StripAsciiWhitespace(part))));
    }
    return absl::OkStatus();
  }

 private:
  // Sets a singular field, adds to a repeated one.
  template <typename T>
  void Put(T value, void (pb::Reflection::*set)(pb::Message*, const pb::FieldDescriptor*, T) const,
           void (pb::Reflection::*add)(pb::Message*, const pb::FieldDescriptor*, T) const) {
    (message_.GetReflection()->*(field_.repeated ? add : set))(&message_, f_, std::move(value));
  }

  template <typename T>
  absl::Status PutParsed(const std::optional<T>& value, std::string_view zh, std::string_view en,
                         void (pb::Reflection::*set)(pb::Message*, const pb::FieldDescriptor*, T)
                             const,
                         void (pb::Reflection::*add)(pb::Message*, const pb::FieldDescriptor*, T)
                             const) {
    if (!value) return BadValue(field_, Say(rules_.language, zh, en), rules_.language);
    Put<T>(*value, set, add);
    return absl::OkStatus();
  }

  absl::Status AssignOne(std::string_view text) {
    constexpr std::string_view kWholeZh = "整数";
    constexpr std::string_view kWholeEn = "a whole number";
    using R = pb::Reflection;
    switch (f_->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
        Put<std::string>(std::string(text), &R::SetString, &R::AddString);
        return absl::OkStatus();
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return PutParsed<bool>(ParseBool(text), "是 或 否", "yes or no", &R::SetBool, &R::AddBool);
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return PutParsed<int32_t>(ParseInteger<int32_t>(text), kWholeZh, kWholeEn, &R::SetInt32,
                                  &R::AddInt32);
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return PutParsed<int64_t>(ParseInteger<int64_t>(text), kWholeZh, kWholeEn, &R::SetInt64,
                                  &R::AddInt64);
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return PutParsed<uint32_t>(ParseInteger<uint32_t>(text), kWholeZh, kWholeEn, &R::SetUInt32,
                                   &R::AddUInt32);
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return PutParsed<uint64_t>(ParseInteger<uint64_t>(text), kWholeZh, kWholeEn, &R::SetUInt64,
                                   &R::AddUInt64);
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return AssignDouble(text);
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return AssignEnum(text);
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return AssignMessage(text);
      default:
        return BadValue(field_, "--json", rules_.language);
    }
  }

  absl::Status AssignDouble(std::string_view text) {
    double number = 0;
    if (!absl::SimpleAtod(ToAbsl(text), &number)) {
      return BadValue(field_, Say(rules_.language, "数字", "a number"), rules_.language);
    }
    Put<double>(number, &pb::Reflection::SetDouble, &pb::Reflection::AddDouble);
    return absl::OkStatus();
  }

  absl::Status AssignEnum(std::string_view text) {
    const pb::EnumDescriptor& type = *f_->enum_type();
    const auto* value = schema::FindEnumValue(type, text);
    if (value == nullptr) {
      return BadValue(field_,
                      absl::StrJoin(AllowedValues(type, rules_.language),
                                    ToAbsl(Say(rules_.language, "、", ", "))),
                      rules_.language);
    }
    Put<const pb::EnumValueDescriptor*>(value, &pb::Reflection::SetEnum, &pb::Reflection::AddEnum);
    return absl::OkStatus();
  }

  absl::Status AssignMessage(std::string_view text) {
    pb::Message& target = *message_.GetReflection()->MutableMessage(&message_, f_);
    if (field_.kind != FieldKind::kTimestamp) return MergeJson(text, target, rules_.language);
    const std::optional<absl::Time> time = ParseTime(text, rules_.zone);
    if (!time) {
      return BadValue(
          field_,
          Say(rules_.language, "时间，如 2026-03-20 09:30", "a time such as 2026-03-20 09:30"),
          rules_.language);
    }
    return MergeJson(
        absl::StrCat("\"", absl::FormatTime(absl::RFC3339_full, *time, absl::UTCTimeZone()), "\""),
        target, rules_.language);
  }

  // One JSON object, or a JSON list of them.
  absl::Status AssignMessages(std::string_view text) {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(ToAbsl(text));
    const std::string list = !trimmed.empty() && trimmed.front() == '['
                                 ? std::string(trimmed)
                                 : absl::StrCat("[", trimmed, "]");
    std::unique_ptr<pb::Message> parsed(message_.New());
    CRM_RETURN_IF_ERROR(
        MergeJson(absl::StrCat("{\"", f_->name(), "\":", list, "}"), *parsed, rules_.language));
    message_.MergeFrom(*parsed);
    return absl::OkStatus();
  }

  pb::Message& message_;
  const FieldSchema& field_;
  const pb::FieldDescriptor* f_;
  const InputRules& rules_;
};

absl::Status SetStructKey(pb::Message& message, const FieldSchema& field, std::string_view key,
                          std::string_view text) {
  pb::Struct update;
  (*update.mutable_fields())[std::string(key)] = StructValue(text);
  pb::Message& target = *message.GetReflection()->MutableMessage(&message, field.descriptor);
  // Struct is a map: merging replaces the key and keeps the others.
  target.MergeFrom(update);
  return absl::OkStatus();
}

// `0.value`: the element is added if the list ends before it.
absl::StatusOr<pb::Message*> Element(pb::Message& message, const FieldSchema& field,
                                     std::string_view index, Language language) {
  int at = 0;
  const pb::Reflection& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, field.descriptor);
  if (!absl::SimpleAtoi(ToAbsl(index), &at) || at < 0 || at > size) {
    return BadValue(field, Say(language, "序号，如 0", "an index such as 0"), language);
  }
  if (at == size) return reflection.AddMessage(&message, field.descriptor);
  return reflection.MutableRepeatedMessage(&message, field.descriptor, at);
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, kUsageReason, message);
}

absl::StatusOr<const FieldSchema*> FindField(const MessageSchema& schema, std::string_view name,
                                             Language language) {
  if (const FieldSchema* field = schema.Find(name)) return field;
  const std::string folded = text::FoldForSearch(name);
  std::vector<std::string> names;
  for (const FieldSchema& field : schema.fields()) {
    if (IsCalled(field, folded)) return &field;
    names.push_back(field.name);
  }
  const std::vector<std::string> near = filter::NearNames(name, names);
  const std::string hint =
      near.empty()
          ? absl::StrCat(ToAbsl(Say(language, "字段列表见：", "the fields are listed by: ")),
                         "crmctl fields ", schema.descriptor().full_name())
          : absl::StrCat(ToAbsl(Say(language, "是否指：", "did you mean: ")),
                         absl::StrJoin(near, ", "));
  return UsageError(absl::StrCat(ToAbsl(Say(language, "没有字段 ", "no field ")), "\"",
                                 ToAbsl(name), "\"; ", hint));
}

absl::Status SetPath(pb::Message& message, std::string_view path, std::string_view text,
                     const InputRules& rules) {
  const size_t dot = path.find('.');
  CRM_ASSIGN_OR_RETURN(
      const FieldSchema* field,
      FindField(MessageSchema::Of(message.GetDescriptor()), path.substr(0, dot), rules.language));
  if (dot == std::string_view::npos) return Assigner(message, *field, rules).Assign(text);
  const std::string_view rest = path.substr(dot + 1);
  if (field->kind == FieldKind::kStruct) return SetStructKey(message, *field, rest, text);
  if (field->kind != FieldKind::kMessage) {
    return BadValue(*field,
                    Say(rules.language, "单个值，没有下级字段", "a plain value without fields"),
                    rules.language);
  }
  if (!field->repeated) {
    return SetPath(*message.GetReflection()->MutableMessage(&message, field->descriptor), rest,
                   text, rules);
  }
  const size_t next = rest.find('.');
  CRM_ASSIGN_OR_RETURN(pb::Message * element,
                       Element(message, *field, rest.substr(0, next), rules.language));
  if (next == std::string_view::npos) return MergeJson(text, *element, rules.language);
  return SetPath(*element, rest.substr(next + 1), text, rules);
}

absl::StatusOr<std::string> SetAssignment(pb::Message& message, std::string_view assignment,
                                          const InputRules& rules) {
  const size_t sign = assignment.find('=');
  if (sign == std::string_view::npos || sign == 0) {
    return UsageError(
        absl::StrCat(ToAbsl(Say(rules.language, "应为 字段=值：", "expected FIELD=VALUE: ")), "\"",
                     ToAbsl(assignment), "\""));
  }
  const std::string_view path = assignment.substr(0, sign);
  CRM_RETURN_IF_ERROR(SetPath(message, path, assignment.substr(sign + 1), rules));
  return MaskPath(MessageSchema::Of(message.GetDescriptor()), path, rules.language);
}

absl::StatusOr<std::string> MaskPath(const MessageSchema& schema, std::string_view path,
                                     Language language) {
  const size_t dot = path.find('.');
  CRM_ASSIGN_OR_RETURN(const FieldSchema* field, FindField(schema, path.substr(0, dot), language));
  if (dot == std::string_view::npos || field->kind != FieldKind::kStruct) return field->name;
  return absl::StrCat(field->name, ToAbsl(path.substr(dot)));
}

absl::Status MergeJson(std::string_view json, pb::Message& message, Language language) {
  std::unique_ptr<pb::Message> parsed(message.New());
  const auto status = pb::util::JsonStringToMessage(std::string(json), parsed.get());
  if (!status.ok()) {
    return UsageError(absl::StrCat(ToAbsl(Say(language, "JSON 有误：", "bad JSON: ")),
                                   std::string(status.message())));
  }
  message.MergeFrom(*parsed);
  return absl::OkStatus();
}

}  // namespace crm::cli
