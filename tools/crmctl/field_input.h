// Arguments of a command → fields of a request.
//
//   SetPath(request, "customer.tier", "重点客户", rules);            // by label, alias or name
//   SetPath(request, "identities.0.value", "13800138000", rules);   // an element of a list
//   SetPath(request, "customer.custom_fields.level", "3", rules);   // a key of a Struct
//
// Fields may be named by their label or a header alias as well. Lists take values separated by
// commas (，and 、too) and grow with every call; messages take JSON; times `2026-03-20`,
// `2026-03-20 09:30` and RFC 3339.
//
// Errors: INVALID_ARGUMENT, reason USAGE, in the language asked for.
#ifndef CRM_TOOLS_CRMCTL_FIELD_INPUT_H_
#define CRM_TOOLS_CRMCTL_FIELD_INPUT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/message.h"

namespace crm::cli {

inline constexpr char kUsageReason[] = "USAGE";
// What is wrong with the command line.
absl::Status UsageError(std::string_view message);

struct InputRules {
  schema::Language language = schema::Language::kEnglish;
  absl::TimeZone zone = absl::UTCTimeZone();
};

// By name, label in either language, or header alias.
absl::StatusOr<const schema::FieldSchema*> FindField(const schema::MessageSchema& schema,
                                                     std::string_view name,
                                                     schema::Language language);

absl::Status SetPath(google::protobuf::Message& message, std::string_view path,
                     std::string_view text, const InputRules& rules);

// `name=value`. Gives the path for an update mask: the field's name, with the key for a Struct.
absl::StatusOr<std::string> SetAssignment(google::protobuf::Message& message,
                                          std::string_view assignment, const InputRules& rules);

// The names of `path`, labels resolved: for update masks.
absl::StatusOr<std::string> MaskPath(const schema::MessageSchema& schema, std::string_view path,
                                     schema::Language language);

absl::Status MergeJson(std::string_view json, google::protobuf::Message& message,
                       schema::Language language);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_FIELD_INPUT_H_
