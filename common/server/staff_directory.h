// What the service knows about its users beyond their tokens (PLT-31).
#ifndef CRM_COMMON_SERVER_STAFF_DIRECTORY_H_
#define CRM_COMMON_SERVER_STAFF_DIRECTORY_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crm::server {

struct StaffEntry {
  bool active = true;
  std::vector<std::string> roles = {};
  std::string team = {};
  std::vector<std::string> teams_below = {};  // with `team` itself
};

// Teams by the team above them.
using TeamChildren = std::map<std::string, std::vector<std::string>, std::less<>>;
// `team` and every team below it, at any distance; nothing for no team.
std::vector<std::string> TeamsBelow(const TeamChildren& children, const std::string& team);

// Looks up users for roles and team scopes. Thread-safe and fast (every call asks): a cache.
class StaffDirectory {
 public:
  virtual ~StaffDirectory() = default;
  // Null if unknown: then the token's own roles and team count.
  virtual std::shared_ptr<const StaffEntry> Find(std::string_view user_id) const = 0;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_STAFF_DIRECTORY_H_
