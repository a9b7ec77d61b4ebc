#include "common/record/scoped_rows.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"

namespace crm::record {

absl::StatusOr<db::Rows> SelectByNumbers(db::Connection& db, const resource::ResourceTable& table,
                                         absl::Span<const std::string> numbers,
                                         const auth::RowScope& scope) {
  const size_t padded = db::PaddedInSize(numbers.size());
  filter::Fragment query;
  query.sql = absl::StrCat("SELECT ", table.Columns(), " FROM ", ToAbsl(table.name()), " WHERE ",
                           table.schema().resource()->number_field(), " IN (?");
  for (size_t i = 1; i < padded; ++i) query.Append(", ?");
  query.Append(")");
  query.values.assign(numbers.begin(), numbers.end());
  query.values.resize(padded, query.values.back());
  query.And(filter::ScopeCondition(table.schema(), scope));
  return db.Select({"record_by_number", query.sql}, query.values);
}

}  // namespace crm::record
