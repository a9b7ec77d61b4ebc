// List filters (PLT-4, CUS-24): a subset of AIP-160, compiled to an SQL condition.
//
//   tier = KEY AND (total_amount > 5000 OR tags:"price-sensitive") AND NOT region:"4403"
//   last_purchase_date < months_ago(6) custom_fields.contract_no = "A-1"
//
// Grammar
//   filter      = [ expression ]
//   expression  = factor { [ "AND" ] factor }       juxtaposition is AND
//   factor      = term { "OR" term }                OR binds tighter than AND, as AIP-160 says
//   term        = [ "NOT" | "-" ] ( "(" expression ")" | comparison )
//   comparison  = field [ "." key ] op value | … op "(" value { "OR" value } ")" | … "AND" …
//   op          = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":"
//   value       = word | 'quoted' | "quoted" | "*" | today() | days_ago(n) | months_ago(n)
// At most 4 000 characters, 20 levels of parentheses, 100 comparisons.
//
// Values
//   text       as the column's collation compares; `:` is "contains"
//   encrypted  = != and : compare the whole value through its keyed hash (PLT-15); `:` with four
//              characters compares the last four, where that look-up is declared
//   numbers    5000, -0.5; decimals have at most two digits after the point
//   dates      2026-05-01
//   times      RFC 3339, without an offset in the business zone; a date means that whole day
//   enums      proto name, with or without its prefix, label or alias in either language; < and >
//              compare in the order of declaration
//   booleans   true, false, 是, 否
//   lists      `:` only: the list contains the value
//   custom     custom_fields.<key>, keys of letters, digits, _ and -
// `field:*` is true where the field is known; `= ""` where it is not.
//
// An unknown value makes every comparison false but `!=`, and NOT turns that around: both
// `tier != KEY` and `NOT tier = KEY` list customers without a tier.
//
// Only fields declared filterable. Errors: INVALID_ARGUMENT FILTER_INVALID with one violation of
// the field `filter` that names the position (in characters, from 1) and what was expected, never
// the value. Rules: FILTER_SYNTAX, FILTER_TOO_LONG, FILTER_TOO_DEEP, FILTER_TOO_MANY_COMPARISONS,
// FILTER_UNKNOWN_FIELD, FILTER_NOT_FILTERABLE, FILTER_OPERATOR (the field has no such comparison),
// FILTER_TYPE (the value does not fit), FILTER_SENSITIVE (the caller does not see the field plain).
//
// Thread-safe.
#ifndef CRM_COMMON_FILTER_FILTER_H_
#define CRM_COMMON_FILTER_FILTER_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "common/filter/compile_options.h"
#include "common/filter/fragment.h"
#include "common/schema/message_schema.h"

namespace crm::filter {

// Empty for a blank filter. Nothing of `filter` is in the SQL text.
absl::StatusOr<Fragment> CompileFilter(const schema::MessageSchema& schema, std::string_view filter,
                                       const CompileOptions& options);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_FILTER_H_
