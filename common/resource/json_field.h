// Fields that live in one JSON column: repeated fields, Structs and messages.
#ifndef CRM_COMMON_RESOURCE_JSON_FIELD_H_
#define CRM_COMMON_RESOURCE_JSON_FIELD_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/message.h"

namespace crm::resource {

// Repeated strings and enum numbers: a JSON array; repeated messages: an array of objects; Structs
// and messages: an object. Empty text for an empty field.
std::string FieldToJson(const google::protobuf::Message& message, const schema::FieldSchema& field);

// The reverse. DATA_LOSS if the text is no such JSON.
absl::Status FieldFromJson(std::string_view json, const schema::FieldSchema& field,
                           google::protobuf::Message& message);

}  // namespace crm::resource

#endif  // CRM_COMMON_RESOURCE_JSON_FIELD_H_
