// Fields of messages by their declarations, as rows of imports set and merge them. Pure.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_FIELDS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_FIELDS_H_

#include <string_view>

#include "common/schema/message_schema.h"
#include "google/protobuf/message.h"

namespace crm::customer::import {

// Whether a cell or a default has set the field.
bool IsSet(const google::protobuf::Message& message, const schema::FieldSchema& field);

// Replaces the field: text, numbers, enums, booleans, times and lists of text.
void CopyField(const google::protobuf::Message& from, const schema::FieldSchema& field,
               google::protobuf::Message& to);

// `need_types[0]` → `need_types`
std::string_view BaseName(std::string_view path);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_MESSAGE_FIELDS_H_
