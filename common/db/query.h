// A named statement. The name labels metrics (statement time by query) and logs; the text is a
// constant, or generated from declarations (filters, multi-row inserts). Values are always bound.
//
//   constexpr Query kCustomerByNumber{"customer_by_number", R"sql(
//     SELECT id FROM customer WHERE number = ?)sql"};
#ifndef CRM_COMMON_DB_QUERY_H_
#define CRM_COMMON_DB_QUERY_H_

#include <cstddef>
#include <string_view>

namespace crm::db {

struct Query {
  std::string_view name;  // snake_case, must outlive the process (a literal or an interned string)
  std::string_view sql;   // must outlive the call
};

// `IN` lists are padded to one of these sizes with the last value, so that few statements are
// prepared: 1, 2, 4 … 64, then 128, 256, 512.
size_t PaddedInSize(size_t n);
inline constexpr size_t kMaxInSize = 512;

}  // namespace crm::db

#endif  // CRM_COMMON_DB_QUERY_H_
