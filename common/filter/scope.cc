#include "common/filter/scope.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/db/query.h"
#include "common/filter/column.h"

namespace crm::filter {
namespace {

// `column IN (?, …)` for values[begin, end), padded so that few statements are prepared.
void AppendIn(std::string_view column, const std::vector<std::string>& values, size_t begin,
              size_t end, Fragment& out) {
  absl::StrAppend(&out.sql, ToAbsl(column), " IN (");
  const size_t padded = db::PaddedInSize(end - begin);
  for (size_t i = 0; i < padded; ++i) {
    out.Append(i == 0 ? "?" : ", ?", values[std::min(begin + i, end - 1)]);
  }
  out.Append(")");
}

}  // namespace

Fragment ScopeCondition(const schema::MessageSchema& schema, const Scope& scope,
                        std::string_view alias) {
  if (scope.kind == Scope::Kind::kAll) return {};
  const crm::options::v1::ResourceOptions* resource = schema.resource();
  Fragment condition;
  if (resource != nullptr && !resource->owner_field().empty() && !scope.user_id.empty()) {
    condition.Append(Column(alias, resource->owner_field()) + " = ?", scope.user_id);
  }
  const bool by_team =
      scope.kind == Scope::Kind::kTeams && resource != nullptr && !resource->team_field().empty();
  const size_t teams = by_team ? scope.teams.size() : 0;
  for (size_t begin = 0; begin < teams; begin += db::kMaxInSize) {
    if (!condition.empty()) condition.Append(" OR ");
    AppendIn(Column(alias, resource->team_field()), scope.teams, begin,
             std::min(begin + db::kMaxInSize, teams), condition);
  }
  if (condition.empty()) return {"FALSE", {}};
  if (teams > 0) condition.sql = absl::StrCat("(", condition.sql, ")");
  return condition;
}

}  // namespace crm::filter
