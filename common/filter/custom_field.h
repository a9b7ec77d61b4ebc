// Conditions on custom fields (CUS-9), which live in one JSON object. For filter.cc.
#ifndef CRM_COMMON_FILTER_CUSTOM_FIELD_H_
#define CRM_COMMON_FILTER_CUSTOM_FIELD_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/filter/compile_options.h"
#include "common/filter/fragment.h"
#include "common/filter/request_error.h"
#include "common/filter/syntax.h"

namespace crm::filter {

// What is wrong with the operator or the literal of a comparison.
struct ComparisonProblem {
  enum class At { kOperator, kLiteral };
  At at;
  std::string_view rule;
  Mend mend;
};

// Letters, digits, _ and -, at most 64: safe in a JSON path.
bool IsCustomFieldKey(std::string_view key);

// A condition that is true where the comparison holds, and false or NULL elsewhere: `negated` is
// the caller's to add. `kind` is read from the literal if there is none.
std::variant<Fragment, ComparisonProblem> CompileCustomField(std::string_view column,
                                                             const Comparison& comparison,
                                                             std::optional<CustomFieldKind> kind,
                                                             const CompileOptions& options);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_CUSTOM_FIELD_H_
