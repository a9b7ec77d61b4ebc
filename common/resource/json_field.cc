#include "common/resource/json_field.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "google/protobuf/util/json_util.h"

namespace crm::resource {

namespace pb = google::protobuf;
using nlohmann::json;
using schema::FieldKind;
using schema::FieldSchema;

namespace {

absl::Status BadColumn(const FieldSchema& field) {
  return Error(absl::StatusCode::kDataLoss, "STORED_VALUE_MALFORMED",
               absl::StrCat("stored value of field ", field.name, " cannot be read"));
}

std::string ObjectJson(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  pb::util::MessageToJsonString(message, &text, options).ok();
  return text;
}

json RepeatedToJson(const pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  json array = json::array();
  for (int i = 0; i < reflection.FieldSize(message, field.descriptor); ++i) {
    switch (field.kind) {
      case FieldKind::kString:
        array.push_back(reflection.GetRepeatedString(message, field.descriptor, i));
        break;
      case FieldKind::kEnum:
        array.push_back(reflection.GetRepeatedEnumValue(message, field.descriptor, i));
        break;
      case FieldKind::kInteger:
        array.push_back(reflection.GetRepeatedInt64(message, field.descriptor, i));
        break;
      default:
        array.push_back(
            json::parse(ObjectJson(reflection.GetRepeatedMessage(message, field.descriptor, i))));
    }
  }
  return array;
}

absl::Status ItemFromJson(const json& item, const FieldSchema& field, pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.kind) {
    case FieldKind::kString:
      if (!item.is_string()) return BadColumn(field);
      reflection.AddString(&message, field.descriptor, item.get<std::string>());
      return absl::OkStatus();
    case FieldKind::kEnum:
      if (!item.is_number_integer()) return BadColumn(field);
      reflection.AddEnumValue(&message, field.descriptor, item.get<int>());
      return absl::OkStatus();
    case FieldKind::kInteger:
      if (!item.is_number_integer()) return BadColumn(field);
      reflection.AddInt64(&message, field.descriptor, item.get<int64_t>());
      return absl::OkStatus();
    default: {
      pb::util::JsonParseOptions options;
      options.ignore_unknown_fields = true;
      const bool read = pb::util::JsonStringToMessage(
                            item.dump(), reflection.AddMessage(&message, field.descriptor), options)
                            .ok();
      return read ? absl::OkStatus() : BadColumn(field);
    }
  }
}

}  // namespace

std::string FieldToJson(const pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.repeated) {
    if (reflection.FieldSize(message, field.descriptor) == 0) return "";
    return RepeatedToJson(message, field).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  if (!reflection.HasField(message, field.descriptor)) return "";
  // Maps print in any order: parsed and printed again, equal objects have equal text.
  const json object = json::parse(ObjectJson(reflection.GetMessage(message, field.descriptor)));
  return object.empty() ? "" : object.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::Status FieldFromJson(std::string_view text, const FieldSchema& field, pb::Message& message) {
  if (!field.repeated) {
    pb::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    pb::Message* child = message.GetReflection()->MutableMessage(&message, field.descriptor);
    const bool read = pb::util::JsonStringToMessage(std::string(text), child, options).ok();
    return read ? absl::OkStatus() : BadColumn(field);
  }
  const json array = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return BadColumn(field);
  for (const json& item : array) {
    if (absl::Status status = ItemFromJson(item, field, message); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace crm::resource
