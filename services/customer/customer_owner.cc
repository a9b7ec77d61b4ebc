#include "services/customer/customer_owner.h"

#include <utility>

namespace crm::customer {
namespace {

constexpr std::string_view kAssign = "customer.assign";

}  // namespace

CustomerOwners::Giver CustomerOwners::GiverOf(const auth::Caller& caller) const {
  const bool program = caller.kind == auth::CallerKind::kService;
  return {.user = program ? "" : caller.id,
          .team = caller.team,
          .may_assign = program || policy_.Get()->Decide(caller.roles, kAssign).has_value()};
}

std::optional<schema::Violation> CustomerOwners::Fill(const Giver& giver,
                                                      v1::Customer& customer) const {
  if (customer.owner().empty()) customer.set_owner(giver.user);
  if (customer.owner() == giver.user) {
    const auto entry = giver.user.empty() ? nullptr : staff_.Find(giver.user);
    customer.set_team(entry != nullptr ? entry->team : giver.team);
    return std::nullopt;
  }
  if (!giver.may_assign) {
    return schema::Violation{"owner", "OWNER_NOT_YOURS_TO_CHOOSE",
                             "leave the owner out: the customer is yours; another owner takes the "
                             "right to assign customers",
                             "请勿填写负责人：客户归您所有，指定他人须有分配客户的权限"};
  }
  const auto entry = FindActive(customer.owner());
  if (entry == nullptr) {
    return schema::Violation{"owner", "STAFF_UNKNOWN",
                             "use the id of an active user of the staff directory",
                             "请填写员工目录中在职员工的工号"};
  }
  customer.set_team(entry->team);
  return std::nullopt;
}

std::shared_ptr<const server::StaffEntry> CustomerOwners::FindActive(std::string_view user) const {
  auto entry = staff_.Find(user);
  return entry != nullptr && entry->active ? entry : nullptr;
}

}  // namespace crm::customer
