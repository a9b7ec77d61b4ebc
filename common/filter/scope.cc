#include "common/filter/scope.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/db/query.h"
#include "common/filter/column.h"

namespace crm::filter {

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
    const auto some = absl::MakeConstSpan(scope.teams).subspan(begin, db::kMaxInSize);
    condition.Append(
        In(Column(alias, resource->team_field()), db::Values(some.begin(), some.end())));
  }
  if (condition.empty()) return {"FALSE", {}};
  if (teams > 0) condition.sql = absl::StrCat("(", condition.sql, ")");
  return condition;
}

}  // namespace crm::filter
