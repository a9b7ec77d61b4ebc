// Checks and normalises a request by the declarations in its proto (PLT-8), before a handler sees
// it: text is valid UTF-8 without control characters and trimmed, formats are normalised (phones,
// emails, dates), lengths, ranges, patterns and required fields hold, enums are known, output-only
// fields are cleared.
#ifndef CRM_COMMON_SCHEMA_VALIDATE_H_
#define CRM_COMMON_SCHEMA_VALIDATE_H_

#include "absl/status/status.h"
#include "common/schema/language.h"
#include "google/protobuf/message.h"

namespace crm::schema {

// INVALID_ARGUMENT with reason FIELD_INVALID and a violation for every bad field at once. A field
// mask in the request limits "required" of the resource beside it to the masked fields.
absl::Status NormalizeAndValidate(google::protobuf::Message& request, Language language);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_VALIDATE_H_
