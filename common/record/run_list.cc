#include "common/record/run_list.h"

namespace crm::record {

absl::StatusOr<filter::ListQuery> MakeListQuery(const server::CallContext& call,
                                                filter::ListRequest request,
                                                const ListedTable& list) {
  if (request.order_by.empty()) request.order_by = list.order_by;
  const auth::RowScope everybody{auth::RowScope::Kind::kAll, {}, {}};
  filter::CompileOptions options;
  options.keyring = &list.keyring;
  options.now = call.now();
  options.zone = list.zone;
  options.language = call.language();
  if (list.scope != nullptr) options.plain_kinds = call.plain_kinds();
  return filter::ListQuery::Make({.schema = list.table.schema(),
                                  .from = list.table.name(),
                                  .columns = list.table.Columns(),
                                  .column_count = list.table.column_count(),
                                  .condition = {},
                                  .scope = list.scope != nullptr ? *list.scope : everybody},
                                 request, options);
}

}  // namespace crm::record
