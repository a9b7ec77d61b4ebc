// Checks and normalises a request by the declarations in its proto (PLT-8), before a handler sees
// it: text is valid UTF-8 without control characters, formats are normalised (phones, emails,
// decimals), lengths, ranges, patterns and required fields hold, enums are known, output-only
// fields are cleared.
#ifndef CRM_COMMON_SCHEMA_VALIDATE_H_
#define CRM_COMMON_SCHEMA_VALIDATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/message.h"
#include "google/rpc/error_details.pb.h"

namespace crm::schema {

// INVALID_ARGUMENT with reason FIELD_INVALID and a violation for every bad field at once (at most
// 100). In an Update request (one with a field mask) nothing is required but the number, and what
// the mask names must not be cleared if it is required. `now` bounds dates of birth.
absl::Status NormalizeAndValidate(google::protobuf::Message& request, Language language,
                                  absl::Time now);

// A broken rule of one value, for callers that check values outside a request (imports).
struct Violation {
  std::string field;
  std::string rule;  // UPPER_SNAKE_CASE
  std::string mend_en;
  std::string mend_zh;
};

// Checks and normalises one stored message (a row of an import) without any request around it.
// Required fields are not asked for.
std::vector<Violation> NormalizeResource(google::protobuf::Message& resource, absl::Time now);

google::rpc::BadRequest::FieldViolation ToFieldViolation(const Violation& violation,
                                                         Language language);
// INVALID_ARGUMENT FIELD_INVALID from violations of one's own.
absl::Status ViolationsToStatus(const std::vector<Violation>& violations, Language language);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_VALIDATE_H_
