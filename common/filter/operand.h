// Values of a filter, read as the type of what they are compared with. Nothing where they do not
// fit. For filter.cc and custom_field.cc.
#ifndef CRM_COMMON_FILTER_OPERAND_H_
#define CRM_COMMON_FILTER_OPERAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/filter/request_error.h"
#include "common/filter/syntax.h"
#include "common/schema/message_schema.h"

namespace crm::filter {

// 2026-05-01, today(), days_ago(90), months_ago(6). Years from 1000: what a DATE column holds.
std::optional<absl::CivilDay> ReadDay(const Literal& literal, absl::Time now, absl::TimeZone zone);
std::string IsoDate(absl::CivilDay day);
// 2026-05-01T08:30:00+08:00; without an offset in `zone`.
std::optional<absl::Time> ReadTime(const Literal& literal, absl::TimeZone zone);
std::optional<int64_t> ReadInteger(const Literal& literal);
// A finite number.
std::optional<double> ReadNumber(const Literal& literal);
std::optional<bool> ReadBoolean(const Literal& literal);

// UNSPECIFIED, with or without the enum's prefix.
bool IsUnspecified(const google::protobuf::EnumDescriptor& type, std::string_view text);

// Text inside a JSON document, with quotation marks, escaped as the stored documents are.
std::string JsonText(std::string_view text);

// What was expected.
Mend ExpectedDay();
Mend ExpectedTime();
Mend ExpectedInteger();
Mend ExpectedNumber();
Mend ExpectedDecimal();
Mend ExpectedBoolean();
Mend ExpectedText();
Mend ExpectedEnum(const google::protobuf::EnumDescriptor& type);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_OPERAND_H_
