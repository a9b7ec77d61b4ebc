#include "services/customer/staff_tree.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace crm::customer {

using schema::Violation;

const StoredUser* StaffTree::FindUser(std::string_view id) const {
  const auto found = users.find(id);
  return found == users.end() ? nullptr : found->second.get();
}

const StoredTeam* StaffTree::FindTeam(std::string_view id) const {
  const auto found = teams.find(id);
  return found == teams.end() ? nullptr : found->second.get();
}

void StaffTree::Put(StoredUser user) {
  std::string id = user.message.user_id();
  users.insert_or_assign(std::move(id), std::make_shared<const StoredUser>(std::move(user)));
}

void StaffTree::Put(StoredTeam team) {
  std::string id = team.message.team_id();
  teams.insert_or_assign(std::move(id), std::make_shared<const StoredTeam>(std::move(team)));
}

bool StaffTree::HasMembers(std::string_view team) const {
  return std::any_of(users.begin(), users.end(),
                     [team](const auto& entry) { return entry.second->message.team() == team; });
}

bool StaffTree::HasTeamsBelow(std::string_view team) const {
  return std::any_of(teams.begin(), teams.end(),
                     [team](const auto& entry) { return entry.second->message.parent() == team; });
}

TeamChildren ChildrenOf(const StaffTree& tree) {
  TeamChildren children;
  for (const auto& [id, team] : tree.teams) {
    if (!team->message.parent().empty()) children[team->message.parent()].push_back(id);
  }
  return children;
}

Violation UnknownSupervisor() {
  return {"supervisor", "SUPERVISOR_UNKNOWN", "use the id of a user of the directory",
          "请填写目录中存在的员工"};
}

Violation SupervisorCycle() {
  return {"supervisor", "SUPERVISOR_CYCLE", "nobody can be above themselves",
          "上级关系不能构成循环"};
}

std::vector<Violation> CheckRolesAndTeam(const StaffTree& tree, const v1::StaffUser& user,
                                         absl::Span<const std::string> known_roles) {
  std::vector<Violation> violations;
  for (int i = 0; i < user.roles_size(); ++i) {
    if (std::find(known_roles.begin(), known_roles.end(), user.roles(i)) == known_roles.end()) {
      violations.push_back({absl::StrCat("roles[", i, "]"), "ROLE_UNKNOWN",
                            "use a role of the roles file", "请使用已定义的角色"});
    }
  }
  if (!user.team().empty() && tree.FindTeam(user.team()) == nullptr) {
    violations.push_back(
        {"team", "TEAM_UNKNOWN", "use the id of an existing team", "请填写存在的团队"});
  }
  return violations;
}

std::vector<Violation> CheckUser(const StaffTree& tree, const v1::StaffUser& user,
                                 absl::Span<const std::string> known_roles) {
  std::vector<Violation> violations = CheckRolesAndTeam(tree, user, known_roles);
  const std::string* above = &user.supervisor();
  for (size_t steps = 0; !above->empty(); ++steps) {
    if (*above == user.user_id() || steps > tree.users.size()) {
      violations.push_back(SupervisorCycle());
      break;
    }
    const StoredUser* supervisor = tree.FindUser(*above);
    if (supervisor == nullptr) {
      if (steps == 0) violations.push_back(UnknownSupervisor());
      break;
    }
    above = &supervisor->message.supervisor();
  }
  return violations;
}

namespace {

// Levels from a team down to the lowest one below it, itself counted.
int LevelsFrom(const TeamChildren& children, const std::string& team) {
  int levels = 0;
  std::vector<std::string> level = {team};
  while (!level.empty() && levels <= kMaxTeamLevels) {
    ++levels;
    std::vector<std::string> next;
    for (const std::string& id : level) {
      const auto found = children.find(id);
      if (found != children.end())
        next.insert(next.end(), found->second.begin(), found->second.end());
    }
    level = std::move(next);
  }
  return levels;
}

}  // namespace

std::vector<Violation> CheckTeam(const StaffTree& tree, const v1::StaffTeam& team) {
  std::vector<Violation> violations;
  const auto refuse = [&](const char* field, const char* rule, const char* en, const char* zh) {
    violations.push_back({field, rule, en, zh});
  };
  if (!team.supervisor().empty() && tree.FindUser(team.supervisor()) == nullptr) {
    violations.push_back(UnknownSupervisor());
  }
  int levels_above = 0;
  for (const std::string* above = &team.parent(); !above->empty(); ++levels_above) {
    if (*above == team.team_id()) {
      refuse("parent", "TEAM_CYCLE", "a team cannot lie below itself", "团队层级不能构成循环");
      return violations;
    }
    const StoredTeam* parent = tree.FindTeam(*above);
    if (parent == nullptr) {
      refuse("parent", "PARENT_UNKNOWN", "use the id of an existing team", "请填写存在的团队");
      return violations;
    }
    if (levels_above > kMaxTeamLevels) break;
    above = &parent->message.parent();
  }
  if (levels_above + LevelsFrom(ChildrenOf(tree), team.team_id()) > kMaxTeamLevels) {
    refuse("parent", "TREE_TOO_DEEP", "use at most 20 levels of teams", "团队层级最多 20 级");
  }
  return violations;
}

std::set<std::string> UsersInCycles(const StaffTree& tree) {
  std::set<std::string> in_cycles;
  absl::flat_hash_map<std::string_view, int> walk_of;  // the walk that came by first
  int walk = 0;
  for (const auto& [id, user] : tree.users) {
    ++walk;
    const StoredUser* at = user.get();
    while (at != nullptr && walk_of.try_emplace(at->message.user_id(), walk).second) {
      at = tree.FindUser(at->message.supervisor());
    }
    if (at == nullptr || walk_of[at->message.user_id()] != walk) continue;
    // This walk met itself: once around.
    while (in_cycles.insert(at->message.user_id()).second) {
      at = tree.FindUser(at->message.supervisor());
    }
  }
  return in_cycles;
}

}  // namespace crm::customer
