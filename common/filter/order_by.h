// The order of a list (PLT-4): `total_amount desc, full_name`.
//
// Only fields declared sortable, at most 5, each once; `asc` is the default. Every order is total:
// the internal key ends it, in the direction of the last field, or newest first without any field
// (the resource's number ends it too). Unknown values come last in both directions.
//
// Errors: INVALID_ARGUMENT ORDER_BY_INVALID with one violation of `order_by` that names the
// position (in characters, from 1). Rules: ORDER_BY_SYNTAX, ORDER_BY_TOO_LONG,
// ORDER_BY_UNKNOWN_FIELD, ORDER_BY_NOT_SORTABLE, ORDER_BY_REPEATED, ORDER_BY_SENSITIVE (the caller
// does not see the field plain, and an order gives its values away).
#ifndef CRM_COMMON_FILTER_ORDER_BY_H_
#define CRM_COMMON_FILTER_ORDER_BY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/value.h"
#include "common/filter/compile_options.h"
#include "common/filter/fragment.h"
#include "common/schema/message_schema.h"

namespace crm::filter {

inline constexpr size_t kMaxOrderTerms = 5;

struct OrderTerm {
  const schema::FieldSchema* field = nullptr;
  bool descending = false;
  bool unique = false;  // the resource's number: never unknown, no ties
};

struct OrderBy {
  std::vector<OrderTerm> terms;
  bool key_descending = true;

  bool ends_in_key() const { return terms.empty() || !terms.back().unique; }
  // One text for one order: `total_amount desc,full_name asc,id asc`.
  std::string Canonical() const;
};

absl::StatusOr<OrderBy> ParseOrderBy(const schema::MessageSchema& schema, std::string_view order_by,
                                     const CompileOptions& options);

// Where rows with an unknown value of the first field stand. They come last; a statement for the
// known ones and one for the unknown ones can each walk an index on that field, together they could
// not.
enum class Part { kWhole, kFirstKnown, kFirstUnknown };

// The ORDER BY list of a part, without the words.
std::string OrderSql(const OrderBy& order, Part part, std::string_view alias);

// Rows of a part that come after the row with these values of the terms, then the key. With a
// redundant bound on the first field, which is what lets the optimiser enter the index there.
Fragment AfterCondition(const OrderBy& order, Part part, absl::Span<const db::Value> last,
                        std::string_view alias);

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_ORDER_BY_H_
