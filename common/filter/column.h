// How a field appears in generated SQL.
#ifndef CRM_COMMON_FILTER_COLUMN_H_
#define CRM_COMMON_FILTER_COLUMN_H_

#include <string>
#include <string_view>

#include "common/schema/message_schema.h"

namespace crm::filter {

// `name`, or `alias.name` if there is an alias.
std::string Column(std::string_view alias, std::string_view name);

// A question mark of the column's type. Decimals and dates travel as text and are cast: compared
// with a text, a decimal becomes a floating-point number and loses digits.
std::string_view Placeholder(const schema::FieldSchema& field);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_COLUMN_H_
