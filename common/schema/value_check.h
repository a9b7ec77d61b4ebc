// Checks of single values against the declarations of their field.
#ifndef CRM_COMMON_SCHEMA_VALUE_CHECK_H_
#define CRM_COMMON_SCHEMA_VALUE_CHECK_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/schema/message_schema.h"

namespace crm::schema {

// The broken rule and how to mend it; never the value.
struct Breach {
  std::string rule;
  std::string mend_en;
  std::string mend_zh;
};

// Normalises `value` in place where the field's format says so.
std::optional<Breach> CheckString(const FieldSchema& field, absl::Time now, std::string& value);
std::optional<Breach> CheckInteger(const FieldSchema& field, int64_t value);

// `123`, `-0.5`, `1,5` is refused: plain decimals with at most `scale` digits after the point, as
// the API takes them. Canonical form with exactly `scale` digits.
std::optional<std::string> CanonicalDecimal(std::string_view text, int scale);

}  // namespace crm::schema

#endif  // CRM_COMMON_SCHEMA_VALUE_CHECK_H_
