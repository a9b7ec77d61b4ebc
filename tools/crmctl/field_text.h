// Values of messages as people read them: labels of enums, local times, lists in one line. Masked
// values come from the server masked and are shown as they come.
#ifndef CRM_TOOLS_CRMCTL_FIELD_TEXT_H_
#define CRM_TOOLS_CRMCTL_FIELD_TEXT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "common/schema/value_text.h"
#include "google/protobuf/message.h"

namespace crm::cli {

struct TextRules {
  schema::Language language = schema::Language::kEnglish;
  absl::TimeZone zone = absl::UTCTimeZone();
  // Whose fields the changes of a history are about: labels and enum values are shown by it. May be
  // null.
  const schema::MessageSchema* subject = nullptr;
};

// Empty if the field is not set.
std::string FieldText(const google::protobuf::Message& message, const schema::FieldSchema& field,
                      const TextRules& rules);
// Label and text of every field that is set.
std::vector<std::pair<std::string, std::string>> FieldTexts(
    const google::protobuf::Message& message, const TextRules& rules);

// The field at `customer.full_name`, and the message it is in, which may be a default one. Null if
// there is no such field.
struct FieldAt {
  const google::protobuf::Message* message = nullptr;
  const schema::FieldSchema* field = nullptr;
};
FieldAt FindAt(const google::protobuf::Message& message, std::string_view path);
const schema::FieldSchema* FindAt(const schema::MessageSchema& schema, std::string_view path);

// Numbers and amounts, which stand to the right.
bool IsNumeric(const schema::FieldSchema& field);

using schema::JsonText;
// The same on several lines.
std::string PrettyJsonText(const google::protobuf::Message& message);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_FIELD_TEXT_H_
