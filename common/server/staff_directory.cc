#include "common/server/staff_directory.h"

#include <set>

namespace crm::server {

std::vector<std::string> TeamsBelow(const TeamChildren& children, const std::string& team) {
  if (team.empty()) return {};
  std::vector<std::string> below = {team};
  std::set<std::string> seen = {team};  // a cycle that slipped in must not hang the service
  for (size_t i = 0; i < below.size(); ++i) {
    const auto found = children.find(below[i]);
    if (found == children.end()) continue;
    for (const std::string& child : found->second) {
      if (seen.insert(child).second) below.push_back(child);
    }
  }
  return below;
}

}  // namespace crm::server
