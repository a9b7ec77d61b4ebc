#include "common/schema/validate.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "common/schema/value_check.h"
#include "crm/options/v1/bulk.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::schema {

namespace pb = google::protobuf;

namespace {

constexpr size_t kMaxViolations = 100;
constexpr int kMaxStructDepth = 4;
constexpr int64_t kMinSeconds = -62135596800;  // 0001-01-01
constexpr int64_t kMaxSeconds = 253402300799;  // 9999-12-31

// Which fields of a resource a request must set.
enum class Required { kAsDeclared, kNumberOnly, kNothing };

class Walker {
 public:
  explicit Walker(absl::Time now) : now_(now) {}

  void CheckRequest(pb::Message& request) {
    const MessageSchema& schema = MessageSchema::Of(request.GetDescriptor());
    in_update_ = schema.update_mask() != nullptr;
    CheckMessage(request, schema, "", Required::kAsDeclared);
    if (in_update_) CheckMaskedRequired(request, schema);
  }

  void CheckMessage(pb::Message& message, const MessageSchema& schema, const std::string& path,
                    Required required) {
    const pb::Reflection& reflection = *message.GetReflection();
    for (const FieldSchema& field : schema.fields()) {
      if (field.options->output_only() && !Keeps(schema, field, required)) {
        reflection.ClearField(&message, field.descriptor);
        continue;
      }
      const std::string field_path =
          path.empty() ? field.name : absl::StrCat(path, ".", field.name);
      if (!IsSet(message, field)) {
        if (IsRequired(schema, field, required)) AddRequired(field_path);
      } else if (field.repeated) {
        CheckRepeated(message, field, field_path);
      } else {
        CheckSingle(message, schema, field, field_path);
      }
    }
  }

  std::vector<Violation> Take() && { return std::move(violations_); }

 private:
  // The number identifies the resource that an Update changes.
  static bool Keeps(const MessageSchema& schema, const FieldSchema& field, Required required) {
    return required == Required::kNumberOnly && schema.resource() != nullptr &&
           schema.resource()->number_field() == field.name;
  }

  static bool IsSet(const pb::Message& message, const FieldSchema& field) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.repeated) return reflection.FieldSize(message, field.descriptor) > 0;
    if (!reflection.HasField(message, field.descriptor)) return false;
    return field.kind != FieldKind::kEnum ||
           reflection.GetEnumValue(message, field.descriptor) != 0;
  }

  static bool IsRequired(const MessageSchema& schema, const FieldSchema& field, Required required) {
    if (required == Required::kNumberOnly) return Keeps(schema, field, required);
    return required == Required::kAsDeclared && field.options->required();
  }

  void Add(std::string field, std::string rule, std::string en, std::string zh) {
    if (violations_.size() >= kMaxViolations) return;
    violations_.push_back({std::move(field), std::move(rule), std::move(en), std::move(zh)});
  }
  void Add(const std::string& path, Breach breach) {
    Add(path, std::move(breach.rule), std::move(breach.mend_en), std::move(breach.mend_zh));
  }
  void AddRequired(const std::string& path) { Add(path, "REQUIRED", "set this field", "必填"); }

  void CheckSingle(pb::Message& message, const MessageSchema& schema, const FieldSchema& field,
                   const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    switch (field.kind) {
      case FieldKind::kString:
      case FieldKind::kBytes: {
        std::string scratch;
        const std::string& old = reflection.GetStringReference(message, field.descriptor, &scratch);
        std::string value = old;
        if (auto breach = CheckString(field, now_, value)) {
          Add(path, *std::move(breach));
        } else if (value != old) {
          reflection.SetString(&message, field.descriptor, std::move(value));
        }
        return;
      }
      case FieldKind::kInteger:
        return CheckNumber(field, path, IntegerOf(message, field));
      case FieldKind::kDouble:
        return CheckFinite(path, DoubleOf(message, field));
      case FieldKind::kEnum:
        return CheckEnum(field, path, reflection.GetEnumValue(message, field.descriptor));
      case FieldKind::kTimestamp:
        return CheckTimestamp(path, static_cast<const pb::Timestamp&>(
                                        reflection.GetMessage(message, field.descriptor)));
      case FieldKind::kStruct:
        return CheckStructs(*reflection.MutableMessage(&message, field.descriptor), path);
      case FieldKind::kMessage: {
        const bool resource =
            in_update_ && field.message->resource() != nullptr && schema.update_mask() != nullptr;
        return CheckMessage(*reflection.MutableMessage(&message, field.descriptor), *field.message,
                            path, resource ? Required::kNumberOnly : Required::kAsDeclared);
      }
      default:
        return;
    }
  }

  void CheckRepeated(pb::Message& message, const FieldSchema& field, const std::string& path) {
    const pb::Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, field.descriptor);
    if (size > field.max_items) {
      return Add(path, "TOO_MANY_ITEMS", absl::StrCat("send at most ", field.max_items, " items"),
                 absl::StrCat("最多 ", field.max_items, " 项"));
    }
    if (field.descriptor->is_map()) return;  // none of ours; Structs are checked on their own
    if (field.descriptor->options().GetExtension(crm::options::v1::checked_one_by_one)) return;
    for (int i = 0; i < size; ++i) CheckItem(message, field, absl::StrCat(path, "[", i, "]"), i);
  }

  void CheckItem(pb::Message& message, const FieldSchema& field, const std::string& path, int i) {
    const pb::Reflection& reflection = *message.GetReflection();
    switch (field.kind) {
      case FieldKind::kString:
      case FieldKind::kBytes: {
        std::string value = reflection.GetRepeatedString(message, field.descriptor, i);
        if (value.empty()) return AddRequired(path);
        if (auto breach = CheckString(field, now_, value)) return Add(path, *std::move(breach));
        return reflection.SetRepeatedString(&message, field.descriptor, i, std::move(value));
      }
      case FieldKind::kEnum: {
        const int value = reflection.GetRepeatedEnumValue(message, field.descriptor, i);
        if (value == 0) return AddRequired(path);
        return CheckEnum(field, path, value);
      }
      case FieldKind::kMessage:
        return CheckMessage(*reflection.MutableRepeatedMessage(&message, field.descriptor, i),
                            *field.message, path, Required::kAsDeclared);
      default:
        return;
    }
  }

  static int64_t IntegerOf(const pb::Message& message, const FieldSchema& field) {
    const pb::Reflection& reflection = *message.GetReflection();
    switch (field.descriptor->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return reflection.GetInt32(message, field.descriptor);
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return reflection.GetUInt32(message, field.descriptor);
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return static_cast<int64_t>(reflection.GetUInt64(message, field.descriptor));
      default:
        return reflection.GetInt64(message, field.descriptor);
    }
  }

  static double DoubleOf(const pb::Message& message, const FieldSchema& field) {
    const pb::Reflection& reflection = *message.GetReflection();
    return field.descriptor->cpp_type() == pb::FieldDescriptor::CPPTYPE_FLOAT
               ? static_cast<double>(reflection.GetFloat(message, field.descriptor))
               : reflection.GetDouble(message, field.descriptor);
  }

  void CheckNumber(const FieldSchema& field, const std::string& path, int64_t value) {
    if (auto breach = CheckInteger(field, value)) Add(path, *std::move(breach));
  }

  void CheckFinite(const std::string& path, double value) {
    if (!std::isfinite(value))
      Add(path, "NUMBER_NOT_FINITE", "use a finite number", "必须是有限数");
  }

  void CheckEnum(const FieldSchema& field, const std::string& path, int value) {
    if (field.descriptor->enum_type()->FindValueByNumber(value) != nullptr) return;
    Add(path, "ENUM_UNKNOWN", "use one of the values the API lists", "请使用接口列出的值");
  }

  void CheckTimestamp(const std::string& path, const pb::Timestamp& time) {
    const bool good = time.seconds() >= kMinSeconds && time.seconds() <= kMaxSeconds &&
                      time.nanos() >= 0 && time.nanos() < 1'000'000'000;
    if (!good) Add(path, "TIME_OUT_OF_RANGE", "use a time from year 1 to 9999", "时间超出范围");
  }

  // A Struct is checked through its JSON shape: bounded depth, sizes and characters.
  void CheckStructs(pb::Message& message, const std::string& path) {
    if (auto* object = dynamic_cast<pb::Struct*>(&message)) CheckObject(*object, path, 1);
    if (auto* value = dynamic_cast<pb::Value*>(&message)) CheckJson(*value, path, 1);
    if (auto* list = dynamic_cast<pb::ListValue*>(&message)) {
      for (auto& item : *list->mutable_values()) CheckJson(item, path, 1);
    }
  }

  void CheckObject(pb::Struct& object, const std::string& path, int depth) {
    if (object.fields_size() > 100) {
      return Add(path, "TOO_MANY_ITEMS", "send at most 100 entries", "最多 100 项");
    }
    for (auto& [key, value] : *object.mutable_fields()) {
      std::string name = key;
      const bool good_key =
          !key.empty() && key.size() <= 64 && !CheckString(KeyField(), now_, name);
      // A bad key is not echoed: it may hold anything.
      CheckJson(value, absl::StrCat(path, ".", good_key ? key : "?"), depth);
      if (!good_key)
        Add(path, "KEY_INVALID", "use keys of 1 to 64 letters, digits and - _ . : @",
            "键须为 1 到 64 个字母、数字或 - _ . : @");
    }
  }

  void CheckJson(pb::Value& value, const std::string& path, int depth) {
    if (depth > kMaxStructDepth)
      return Add(path, "TOO_DEEP", "nest at most 4 levels", "嵌套最多 4 层");
    switch (value.kind_case()) {
      case pb::Value::kNumberValue:
        return CheckFinite(path, value.number_value());
      case pb::Value::kStringValue: {
        std::string text = value.string_value();
        if (auto breach = CheckString(TextField(), now_, text)) Add(path, *std::move(breach));
        return;
      }
      case pb::Value::kStructValue:
        return CheckObject(*value.mutable_struct_value(), path, depth + 1);
      case pb::Value::kListValue:
        if (value.list_value().values_size() > 100) {
          return Add(path, "TOO_MANY_ITEMS", "send at most 100 items", "最多 100 项");
        }
        for (auto& item : *value.mutable_list_value()->mutable_values()) {
          CheckJson(item, path, depth + 1);
        }
        return;
      default:
        return;
    }
  }

  // What the mask names and the declarations require must be there.
  void CheckMaskedRequired(const pb::Message& request, const MessageSchema& schema) {
    const pb::Reflection& reflection = *request.GetReflection();
    const auto& mask = static_cast<const pb::FieldMask&>(
        reflection.GetMessage(request, schema.update_mask()->descriptor));
    for (const FieldSchema& field : schema.fields()) {
      if (field.kind != FieldKind::kMessage || field.message->resource() == nullptr) continue;
      const pb::Message& resource = reflection.GetMessage(request, field.descriptor);
      for (const std::string& path : mask.paths()) {
        const FieldSchema* masked = field.message->Find(path);
        if (masked != nullptr && masked->options->required() && !IsSet(resource, *masked)) {
          AddRequired(absl::StrCat(field.name, ".", path));
        }
      }
    }
  }

  static const FieldSchema& KeyField() {
    static const FieldSchema& field = *MakeTextField(crm::options::v1::FORMAT_CODE, 64);
    return field;
  }
  static const FieldSchema& TextField() {
    static const FieldSchema& field = *MakeTextField(crm::options::v1::FORMAT_TEXT, 4000);
    return field;
  }
  static const FieldSchema* MakeTextField(crm::options::v1::Format format, int max_length) {
    auto* options = new crm::options::v1::FieldOptions;
    options->set_format(format);
    auto* field = new FieldSchema;
    field->options = options;
    field->max_length = max_length;
    return field;
  }

  absl::Time now_;
  bool in_update_ = false;
  std::vector<Violation> violations_;
};

}  // namespace

google::rpc::BadRequest::FieldViolation ToFieldViolation(const Violation& violation,
                                                         Language language) {
  google::rpc::BadRequest::FieldViolation wire;
  wire.set_field(violation.field);
  wire.set_reason(violation.rule);
  wire.set_description(violation.mend_en);
  wire.mutable_localized_message()->set_locale(std::string(LanguageTag(language)));
  wire.mutable_localized_message()->set_message(language == Language::kChinese ? violation.mend_zh
                                                                               : violation.mend_en);
  return wire;
}

absl::Status ViolationsToStatus(const std::vector<Violation>& violations, Language language) {
  if (violations.empty()) return absl::OkStatus();
  std::string names;
  for (const Violation& violation : violations) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", violation.field);
  }
  Error error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
              absl::StrCat("invalid fields: ", names));
  for (const Violation& violation : violations) {
    std::move(error).Field(ToFieldViolation(violation, language));
  }
  return error;
}

absl::Status NormalizeAndValidate(pb::Message& request, Language language, absl::Time now) {
  Walker walker(now);
  walker.CheckRequest(request);
  return ViolationsToStatus(std::move(walker).Take(), language);
}

std::vector<Violation> NormalizeResource(pb::Message& resource, absl::Time now) {
  Walker walker(now);
  walker.CheckMessage(resource, MessageSchema::Of(resource.GetDescriptor()), "",
                      Required::kNothing);
  return std::move(walker).Take();
}

}  // namespace crm::schema
