#include "services/customer/customer_owner.h"

namespace crm::customer {

void FillOwner(const server::CallContext& call, const server::StaffDirectory& staff,
               v1::Customer& customer) {
  if (customer.owner().empty() && call.caller().kind == auth::CallerKind::kUser) {
    customer.set_owner(call.caller().id);
  }
  if (!customer.team().empty()) return;
  const auto entry = staff.Find(customer.owner());
  customer.set_team(entry != nullptr ? entry->team : call.caller().team);
}

}  // namespace crm::customer
