// Rows that somebody may touch with a permission that the RPC itself does not declare (PLT-13): the
// customers of whoever opens an opportunity, the opportunities of whom a deputy stands in for.
#ifndef CRM_SERVICES_SALES_ACCESS_H_
#define CRM_SERVICES_SALES_ACCESS_H_

#include <optional>
#include <string_view>

#include "common/auth/caller.h"
#include "common/auth/policy.h"
#include "common/auth/row_scope.h"
#include "common/replica/staff_copy.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::sales {

// Nothing: the caller has not got the permission.
std::optional<auth::RowScope> ScopeFor(const auth::Policy& policy, const replica::Staff& staff,
                                       const auth::Caller& caller, std::string_view permission);

// A member of the staff as a caller; nothing if there is none, or they are not active.
std::optional<auth::Caller> CallerOf(const replica::Staff& staff, std::string_view user);

// A customer that nobody owns is everybody's of its team, or everybody's if it has none.
bool IsInScope(const crm::customer::v1::Customer& customer, const auth::RowScope& scope,
               std::string_view own_team);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_ACCESS_H_
