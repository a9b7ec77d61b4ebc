// The staff directory as a whole: users and the team tree, and the rules over them (PLT-31). Pure.
#ifndef CRM_SERVICES_CUSTOMER_STAFF_TREE_H_
#define CRM_SERVICES_CUSTOMER_STAFF_TREE_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "common/record/table.h"
#include "common/schema/validate.h"
#include "common/server/staff_directory.h"
#include "crm/customer/v1/staff.pb.h"

namespace crm::customer {

using server::TeamChildren;
using server::TeamsBelow;

using StoredUser = record::Stored<v1::StaffUser>;
using StoredTeam = record::Stored<v1::StaffTeam>;

// Copying one copies pointers only.
struct StaffTree {
  // By id.
  std::map<std::string, std::shared_ptr<const StoredUser>, std::less<>> users;
  std::map<std::string, std::shared_ptr<const StoredTeam>, std::less<>> teams;

  // Null if there is none.
  const StoredUser* FindUser(std::string_view id) const;
  const StoredTeam* FindTeam(std::string_view id) const;
  void Put(StoredUser user);
  void Put(StoredTeam team);

  bool HasMembers(std::string_view team) const;
  bool HasTeamsBelow(std::string_view team) const;
};

inline constexpr int kMaxTeamLevels = 20;

// Teams by the team above them.
TeamChildren ChildrenOf(const StaffTree& tree);

// What a user must be: known roles, an existing team, and a supervisor that is neither the user nor
// below the user. The user need not be in the tree.
std::vector<schema::Violation> CheckUser(const StaffTree& tree, const v1::StaffUser& user,
                                         absl::Span<const std::string> known_roles);
// The part without the supervisor.
std::vector<schema::Violation> CheckRolesAndTeam(const StaffTree& tree, const v1::StaffUser& user,
                                                 absl::Span<const std::string> known_roles);
// An existing team above, no cycle, not too deep, and a supervisor that exists.
std::vector<schema::Violation> CheckTeam(const StaffTree& tree, const v1::StaffTeam& team);

// Users who are, over some others, their own supervisors.
std::set<std::string> UsersInCycles(const StaffTree& tree);

schema::Violation UnknownSupervisor();
schema::Violation SupervisorCycle();

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_TREE_H_
