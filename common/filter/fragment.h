// A piece of SQL with the values bound in it, in the order of their question marks. The text is
// made of declarations and constants only; whatever a caller sent is in the values.
#ifndef CRM_COMMON_FILTER_FRAGMENT_H_
#define CRM_COMMON_FILTER_FRAGMENT_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "common/db/value.h"

namespace crm::filter {

struct Fragment {
  std::string sql;  // empty: no condition
  db::Values values;

  bool empty() const { return sql.empty(); }
  // Joins a condition with AND. One with an OR at its top level brings its own parentheses.
  void And(const Fragment& condition);
  void Append(std::string_view text) { sql.append(text); }
  void Append(const Fragment& other);
  void Append(std::string_view text, db::Value value);
};

// That `column` is one of the values, of which there is at least one and at most db::kMaxInSize.
Fragment In(std::string_view column, absl::Span<const db::Value> values);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_FRAGMENT_H_
