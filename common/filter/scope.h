// Which rows of a resource a caller may touch, as SQL (PLT-13): scope is enforced in the statement,
// not after it.
//
//   ScopeCondition(MessageSchema::Of<Customer>(), {Scope::Kind::kTeams, "u7", {"t1", "t2"}}, "c")
//     → (c.owner = ? OR c.team IN (?, ?))
#ifndef CRM_COMMON_FILTER_SCOPE_H_
#define CRM_COMMON_FILTER_SCOPE_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/auth/row_scope.h"
#include "common/filter/fragment.h"
#include "common/schema/message_schema.h"

namespace crm::filter {

using Scope = auth::RowScope;

// Columns are the resource's owner_field and team_field, with `alias.` before them if there is one.
// Fails closed: without an owner (or a team) to compare with, no row matches. Empty for kAll.
Fragment ScopeCondition(const schema::MessageSchema& schema, const Scope& scope,
                        std::string_view alias = "");

}  // namespace crm::filter

#endif  // CRM_COMMON_FILTER_SCOPE_H_
