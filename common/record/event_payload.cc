#include "common/record/event_payload.h"

#include "common/schema/mask.h"
#include "common/schema/message_schema.h"

namespace crm::record {

void ClearConfidential(google::protobuf::Message& resource) {
  schema::ClearSensitive(resource);
  const auto& schema = schema::MessageSchema::Of(resource.GetDescriptor());
  for (const schema::FieldSchema& field : schema.fields()) {
    if (!field.options->encrypted()) continue;
    resource.GetReflection()->ClearField(&resource, field.descriptor);
  }
}

}  // namespace crm::record
