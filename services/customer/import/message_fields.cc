#include "services/customer/import/message_fields.h"

namespace crm::customer::import {

namespace pb = google::protobuf;
using schema::FieldSchema;

namespace {

void CopyList(const pb::Message& from, const FieldSchema& field, pb::Message& to) {
  const pb::Reflection& reflection = *from.GetReflection();
  reflection.ClearField(&to, field.descriptor);
  for (int i = 0; i < reflection.FieldSize(from, field.descriptor); ++i) {
    reflection.AddString(&to, field.descriptor,
                         reflection.GetRepeatedString(from, field.descriptor, i));
  }
}

}  // namespace

bool IsSet(const pb::Message& message, const FieldSchema& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (field.repeated) return reflection.FieldSize(message, field.descriptor) > 0;
  if (field.kind == schema::FieldKind::kEnum) {
    return reflection.GetEnumValue(message, field.descriptor) != 0;
  }
  return reflection.HasField(message, field.descriptor);
}

void CopyField(const pb::Message& from, const FieldSchema& field, pb::Message& to) {
  if (field.repeated) return CopyList(from, field, to);
  const pb::Reflection& reflection = *from.GetReflection();
  const pb::FieldDescriptor* descriptor = field.descriptor;
  switch (descriptor->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&to, descriptor, reflection.GetString(from, descriptor));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnumValue(&to, descriptor, reflection.GetEnumValue(from, descriptor));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&to, descriptor, reflection.GetInt32(from, descriptor));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&to, descriptor, reflection.GetInt64(from, descriptor));
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&to, descriptor, reflection.GetBool(from, descriptor));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return reflection.MutableMessage(&to, descriptor)
          ->CopyFrom(reflection.GetMessage(from, descriptor));
    default:
      return;
  }
}

std::string_view BaseName(std::string_view path) {
  return path.substr(0, path.find_first_of("[."));
}

}  // namespace crm::customer::import
