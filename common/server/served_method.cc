#include "common/server/served_method.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/schema/message_schema.h"

namespace crm::server {
namespace {

using google::protobuf::FieldDescriptor;

const FieldDescriptor* SingularField(const google::protobuf::Descriptor& message, const char* name,
                                     FieldDescriptor::Type type) {
  const FieldDescriptor* field = message.FindFieldByName(name);
  return field != nullptr && field->type() == type && !field->is_repeated() ? field : nullptr;
}

}  // namespace

ServedMethod ServedMethod::Make(const google::protobuf::MethodDescriptor& descriptor,
                                const MethodEntry& entry, std::string permission,
                                metrics::MethodMetrics& metrics) {
  const google::protobuf::Descriptor& request = *descriptor.input_type();
  ServedMethod method;
  method.entry = &entry;
  method.metrics = &metrics;
  method.service = descriptor.service()->full_name();
  method.name = descriptor.name();
  method.path = absl::StrCat("/", method.service, "/", method.name);
  method.permission = std::move(permission);
  if (entry.kind == MethodKind::kUnary) {
    method.request_id = SingularField(request, "request_id", FieldDescriptor::TYPE_STRING);
    method.validate_only = SingularField(request, "validate_only", FieldDescriptor::TYPE_BOOL);
  }
  method.sensitive_response = schema::MessageSchema::Of(descriptor.output_type()).has_sensitive();
  return method;
}

}  // namespace crm::server
