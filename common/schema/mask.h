// Masks the sensitive fields of an answer for whoever gets it (PLT-14).
#ifndef CRM_COMMON_SCHEMA_MASK_H_
#define CRM_COMMON_SCHEMA_MASK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "crm/options/v1/options.pb.h"
#include "google/protobuf/message.h"

namespace crm::schema {

// Who works on what is somebody else's, such as on an open ticket of a customer. Thread-safe and
// fast: asked for each resource of an answer.
class InvolvedStaff {
 public:
  virtual ~InvolvedStaff() = default;
  // `subject`: what the resource's `involved_see_plain` names, such as a customer number.
  virtual bool IsInvolved(std::string_view user_id, std::string_view subject) const = 0;
};

// Whose eyes. The owner of a resource (its `owner_field` names the viewer, its state does not rule
// it out: `owner_sees_plain_while`) sees phones, emails, names, dates, texts and hidden fields of
// it plain; who is involved with what it is about sees the kinds that it declares for them
// (`involved_see_plain`); highly sensitive values stay masked for everybody.
struct Viewer {
  std::string user_id;
  // Bit (1 << Sensitivity) for the kinds this viewer sees plain on every resource in scope.
  uint32_t plain_kinds = 0;
  // Null: nobody is involved with anything.
  const InvolvedStaff* involved = nullptr;
};

// Masks every resource inside `message`, at any depth. Messages without sensitive fields cost
// nothing.
void MaskSensitive(google::protobuf::Message& message, const Viewer& viewer);

// Whether the owner of a resource sees it as such in the state it is in (`owner_sees_plain_while`).
bool IsOpenToOwner(const google::protobuf::Message& resource);

// Removes the sensitive fields of every resource inside `message`: for events.
void ClearSensitive(google::protobuf::Message& message);

// Text of a message for a log: sensitive fields are left out, long text is cut.
std::string RedactedDebugString(const google::protobuf::Message& message);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_MASK_H_
