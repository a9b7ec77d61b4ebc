// Operators of a filter in SQL. For filter.cc and custom_field.cc.
#ifndef CRM_COMMON_FILTER_OPERATOR_SQL_H_
#define CRM_COMMON_FILTER_OPERATOR_SQL_H_

#include <string_view>

#include "common/filter/request_error.h"
#include "common/filter/syntax.h"

namespace crm::filter {

// Not for kHas.
std::string_view SqlOperator(Operator op);
Operator Opposite(Operator op);

Mend ExpectedHas();
Mend ExpectedEquality();

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_OPERATOR_SQL_H_
