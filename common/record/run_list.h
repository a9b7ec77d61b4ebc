// What a List RPC does over one table: rows that everybody with the permission may see (staff,
// teams, products), those in the caller's scope, or those of something that is in it.
//
//   return RunList<v1::ListProductsResponse>(
//       call, request, {.table = table, .name = "product_list", .order_by = "code", …},
//       [](auto& response) { return response.add_products(); });
#ifndef CRM_COMMON_RECORD_RUN_LIST_H_
#define CRM_COMMON_RECORD_RUN_LIST_H_

#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/row_scope.h"
#include "common/base/status_macros.h"
#include "common/crypto/keyring.h"
#include "common/filter/list_query.h"
#include "common/resource/resource_table.h"
#include "common/server/call_context.h"

namespace crm::record {

struct ListedTable {
  const resource::ResourceTable& table;
  std::string_view name;             // labels the statement; a literal
  std::string_view order_by = "";    // of a request that names none
  std::string_view count_name = "";  // of lists that tell their total
  crypto::Keyring& keyring;
  absl::TimeZone zone;
  // Of the caller, for resources with an owner; null: all rows.
  const auth::RowScope* scope = nullptr;
  // Of rows that belong to another one.
  filter::Fragment condition = {};
};

absl::StatusOr<filter::ListQuery> MakeListQuery(const server::CallContext& call,
                                                filter::ListRequest request,
                                                const ListedTable& list);

// `add` gives the place of the next row in a response.
template <typename Response, typename Request, typename Add>
absl::StatusOr<Response> RunList(server::CallContext& call, const Request& request,
                                 const ListedTable& list, Add add) {
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       MakeListQuery(call,
                                     {.page_size = request.page_size(),
                                      .page_token = request.page_token(),
                                      .filter = request.filter(),
                                      .order_by = request.order_by()},
                                     list));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  Response response;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page, query.Run(*db, list.name, [&](const db::Rows& row) {
    resource::RowKey key;
    return list.table.Read(row, key, *add(response));
  }));
  response.set_next_page_token(std::move(page.next_page_token));
  if constexpr (requires { request.count_total(); }) {
    if (request.count_total()) {
      CRM_ASSIGN_OR_RETURN(const int64_t total, query.Count(*db, list.count_name));
      response.set_total(total);
    }
  }
  return response;
}

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_RUN_LIST_H_
