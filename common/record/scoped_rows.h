// Reads resources by their public numbers, within the caller's scope: what is outside it does not
// exist.
//
//   CRM_ASSIGN_OR_RETURN(auto opportunity,
//                        GetByNumber<v1::Opportunity>(*db, table, number, call.scope()));
#ifndef CRM_COMMON_RECORD_SCOPED_ROWS_H_
#define CRM_COMMON_RECORD_SCOPED_ROWS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/base/status_macros.h"
#include "common/db/connection.h"
#include "common/error/error.h"
#include "common/record/table.h"

namespace crm::record {

// At most db::kMaxInSize numbers, at least one.
absl::StatusOr<db::Rows> SelectByNumbers(db::Connection& db, const resource::ResourceTable& table,
                                         absl::Span<const std::string> numbers,
                                         const auth::RowScope& scope);

// Those that exist in scope, in no particular order; any number of numbers.
template <typename Message>
absl::StatusOr<std::vector<Stored<Message>>> GetByNumbers(db::Connection& db, const Table& table,
                                                          absl::Span<const std::string> numbers,
                                                          const auth::RowScope& scope) {
  std::vector<Stored<Message>> found;
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    CRM_ASSIGN_OR_RETURN(
        db::Rows rows,
        SelectByNumbers(db, table.table(), numbers.subspan(start, db::kMaxInSize), scope));
    while (rows.Next()) {
      Stored<Message>& stored = found.emplace_back();
      CRM_RETURN_IF_ERROR(table.table().Read(rows, stored.key, stored.message));
    }
  }
  return found;
}

// NOT_FOUND if there is none in scope.
template <typename Message>
absl::StatusOr<Stored<Message>> GetByNumber(db::Connection& db, const Table& table,
                                            const std::string& number,
                                            const auth::RowScope& scope) {
  CRM_ASSIGN_OR_RETURN(std::vector<Stored<Message>> found,
                       GetByNumbers<Message>(db, table, absl::MakeConstSpan(&number, 1), scope));
  if (found.empty()) return NotFound(Message::descriptor()->full_name(), number);
  return std::move(found.front());
}

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_SCOPED_ROWS_H_
