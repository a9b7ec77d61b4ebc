// Partial updates (PLT-2, PLT-6).
#ifndef CRM_COMMON_RESOURCE_UPDATE_H_
#define CRM_COMMON_RESOURCE_UPDATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace crm::resource {

// Copies what `mask` names from `patch` to `target`; an absent mask means every field that is set
// in `patch`; `*` every writable field. Keys of a Struct can be named alone:
// `custom_fields.contract`. Gives the names of the top-level fields written. INVALID_ARGUMENT
// naming `update_mask` for unknown fields, fields the service sets, and immutable fields whose
// value would change.
absl::StatusOr<std::vector<std::string>> ApplyUpdate(const google::protobuf::FieldMask& mask,
                                                     const google::protobuf::Message& patch,
                                                     google::protobuf::Message& target,
                                                     schema::Language language);

}  // namespace crm::resource

#endif  // CRM_COMMON_RESOURCE_UPDATE_H_
