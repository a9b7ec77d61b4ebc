#include "services/customer/staff_cache.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "common/base/absl_view.h"

namespace crm::customer {

std::shared_ptr<const server::StaffEntry> StaffCache::Find(std::string_view user_id) const {
  std::shared_ptr<const Entries> entries;
  {
    const std::shared_lock lock(mutex_);
    entries = entries_;
  }
  const auto found = entries->find(ToAbsl(user_id));
  return found == entries->end() ? nullptr : found->second;
}

void StaffCache::Set(const StaffTree& tree) {
  names_.Set(tree);
  const TeamChildren children = ChildrenOf(tree);
  std::map<std::string, std::vector<std::string>> below;  // once a team
  auto entries = std::make_shared<Entries>();
  entries->reserve(tree.users.size());
  for (const auto& [id, user] : tree.users) {
    const v1::StaffUser& message = user->message;
    auto [teams, is_new] = below.try_emplace(message.team());
    if (is_new) teams->second = TeamsBelow(children, message.team());
    auto entry = std::make_shared<server::StaffEntry>();
    entry->active = message.status() == v1::STAFF_STATUS_ACTIVE;
    entry->roles.assign(message.roles().begin(), message.roles().end());
    entry->team = message.team();
    entry->teams_below = teams->second;
    entries->emplace(id, std::move(entry));
  }
  const std::scoped_lock lock(mutex_);
  entries_ = std::move(entries);
}

}  // namespace crm::customer
