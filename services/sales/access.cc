#include "services/sales/access.h"

#include <algorithm>
#include <string>

namespace crm::sales {

using Kind = auth::RowScope::Kind;

std::optional<auth::RowScope> ScopeFor(const auth::Policy& policy, const replica::Staff& staff,
                                       const auth::Caller& caller, std::string_view permission) {
  const std::optional<auth::Grant> grant = policy.Decide(caller.roles, permission);
  if (!grant.has_value()) return std::nullopt;
  auth::RowScope scope{Kind::kOwn, caller.id, {}};
  if (grant->scope == auth::Scope::kOwn) return scope;
  scope.kind = grant->scope == auth::Scope::kAll ? Kind::kAll : Kind::kTeams;
  if (scope.kind == Kind::kAll) return scope;
  const auto entry = staff.Entry(caller.id);
  if (grant->scope == auth::Scope::kTeamAndBelow && entry != nullptr) {
    scope.teams = entry->teams_below;
  } else if (!caller.team.empty()) {
    scope.teams = {caller.team};
  }
  return scope;
}

std::optional<auth::Caller> CallerOf(const replica::Staff& staff, std::string_view user) {
  const auto entry = staff.Entry(user);
  if (entry == nullptr || !entry->active) return std::nullopt;
  auth::Caller caller;
  caller.id = std::string(user);
  caller.roles = entry->roles;
  caller.team = entry->team;
  return caller;
}

bool IsInScope(const crm::customer::v1::Customer& customer, const auth::RowScope& scope,
               std::string_view own_team) {
  if (scope.kind == Kind::kAll) return true;
  if (!customer.owner().empty() && customer.owner() == scope.user_id) return true;
  const std::string& team = customer.team();
  if (customer.owner().empty() && (team.empty() || team == own_team)) return true;
  return scope.kind == Kind::kTeams && !team.empty() &&
         std::find(scope.teams.begin(), scope.teams.end(), team) != scope.teams.end();
}

}  // namespace crm::sales
