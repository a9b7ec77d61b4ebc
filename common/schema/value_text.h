// Values of fields as people read them: the one way from a field to text, whoever shows it. What
// differs between those who show is said by the rules.
//
//   ValueText(customer, *schema.Find("tags"), {.language = Language::kChinese})  // "新、急"
#ifndef CRM_COMMON_SCHEMA_VALUE_TEXT_H_
#define CRM_COMMON_SCHEMA_VALUE_TEXT_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "google/protobuf/message.h"

namespace crm::schema {

struct ValueTextRules {
  Language language = Language::kEnglish;
  absl::TimeZone zone = absl::UTCTimeZone();
  const char* time_format = "%Y-%m-%d %H:%M:%S";
  // Between the values of a repeated field.
  std::string_view separator = ", ";
  // Null: as it is.
  std::function<std::string(const std::string&, const FieldSchema&)> text = nullptr;
  // Null: as many digits as it needs.
  std::function<std::string(double, const FieldSchema&)> number = nullptr;
  // Of messages that are no times. Null: JSON.
  std::function<std::string(const google::protobuf::Message&, const FieldSchema&)> message =
      nullptr;
};

// Empty if the field is absent: a number or a yes-or-no without presence never is. Enum values are
// their labels, the unspecified one is empty; times are local; bytes are empty. Takes generated and
// dynamic messages.
std::string ValueText(const google::protobuf::Message& message, const FieldSchema& field,
                      const ValueTextRules& rules);

// One line of JSON with the proto's field names; what cannot be written as JSON becomes `{}`.
std::string JsonText(const google::protobuf::Message& message);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_VALUE_TEXT_H_
