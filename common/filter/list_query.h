// One page of a list (PLT-4, CUS-24): filter, order, scope and place in it become one SELECT that
// costs the same at any depth, because it enters the index where the last page stopped (keyset)
// instead of counting its way there.
//
//   CRM_ASSIGN_OR_RETURN(ListQuery query,
//       ListQuery::Make({.schema = MessageSchema::Of<Customer>(), .from = "customer c",
//                        .columns = table.Columns("c"), .column_count = 80,
//                        .condition = {"c.delete_time IS NULL", {}}, .scope = context.scope()},
//                       {.page_size = request.page_size(), .page_token = request.page_token(),
//                        .filter = request.filter(), .order_by = request.order_by()},
//                       {.keyring = keyring, .now = …, .zone = …, .alias = "c"}));
//   CRM_ASSIGN_OR_RETURN(ListPage page, query.Run(db, "list_customers", [&](const db::Rows& row) {
//     return table.Read(row, key, *response.add_customers());
//   }));
//   response.set_next_page_token(page.next_page_token);
//
// A row that is there while all pages are read is given exactly once, unless a field it is ordered
// by changes meanwhile. The last page has no token.
//
// Lists ordered by a field whose value may be unknown take a second SELECT, once, on the page where
// the known values end: unknown ones come last.
//
// Errors of Make: those of filter.h, order_by.h and page_token.h, and INVALID_ARGUMENT
// PAGE_SIZE_INVALID. Not thread-safe.
#ifndef CRM_COMMON_FILTER_LIST_QUERY_H_
#define CRM_COMMON_FILTER_LIST_QUERY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/filter/compile_options.h"
#include "common/filter/fragment.h"
#include "common/filter/order_by.h"
#include "common/filter/scope.h"
#include "common/schema/message_schema.h"

namespace crm::filter {

inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxPageSize = 1000;

// What is listed: trusted text and values of the service.
struct ListSource {
  const schema::MessageSchema& schema;  // of a stored resource
  // `customer c`; joins are welcome, as long as c.id stays unique and nothing is called `place`.
  std::string_view from;
  std::string_view columns;  // what the caller reads, by index
  int column_count = 0;      // of them
  Fragment condition;        // parent, deleted or not; may be empty
  Scope scope;
};

// What the client sent, as it is.
struct ListRequest {
  int page_size = 0;  // 0 = 50; more than 1000 is taken as 1000
  std::string_view page_token;
  std::string_view filter;
  std::string_view order_by;
};

struct ListPage {
  int rows = 0;
  std::string next_page_token;  // empty on the last page
};

class ListQuery {
 public:
  static absl::StatusOr<ListQuery> Make(const ListSource& source, const ListRequest& request,
                                        const CompileOptions& options);

  // `name` labels the statement. Stops with the first status of `read` that is not OK. `read` must
  // not move the row on.
  absl::StatusOr<ListPage> Run(db::Connection& connection, std::string_view name,
                               absl::FunctionRef<absl::Status(const db::Rows&)> read) const;

  // How many rows the whole list has, at any page. Costs what it counts.
  absl::StatusOr<int64_t> Count(db::Connection& connection, std::string_view name) const;

  // For callers that run the statements themselves: those of this page, in turn, until page_size()
  // + 1 rows are read; the last bound value is the limit. After the caller's columns come the
  // order's and the key, which NextToken takes from the last row of the page.
  const std::vector<Fragment>& selects() const { return selects_; }
  const Fragment& count() const { return count_; }
  int page_size() const { return page_size_; }
  db::Values PlaceOf(const db::Rows& row) const;
  std::string NextToken(const db::Values& last_place) const;

 private:
  ListQuery() = default;
  absl::Status TakePageSize(const ListRequest& request, const CompileOptions& options);
  absl::StatusOr<db::Values> OpenToken(std::string_view token, const CompileOptions& options) const;
  Fragment SelectOf(const ListSource& source, const Fragment& where, Part part,
                    const db::Values* last, std::string_view alias) const;
  std::vector<Part> PartsFrom(const db::Values* last) const;
  // Which part, and where in it.
  Fragment PlaceCondition(const ListSource& source, Part part, const db::Values* last,
                          std::string_view alias) const;
  Fragment UnknownAfterKey(const ListSource& source, const db::Values& last,
                           std::string_view alias) const;

  crypto::Keyring* keyring_ = nullptr;
  int page_size_ = kDefaultPageSize;
  int column_count_ = 0;
  OrderBy order_;
  std::string request_;  // what a token is bound to
  std::vector<Fragment> selects_;
  Fragment count_;
};

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_LIST_QUERY_H_
