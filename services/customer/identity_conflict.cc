#include "services/customer/identity_conflict.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/customer/customer_store.h"

namespace crm::customer {

absl::Status IdentityTaken(const IdentityHolder& holder) {
  Error error = Error(absl::StatusCode::kAlreadyExists, "IDENTITY_TAKEN",
                      "another customer has this identity; use that customer, or correct the value")
                    .Meta("customer", holder.number)
                    .Meta("kind", v1::IdentityKind_Name(holder.identity.kind))
                    .Resource(kCustomerType, holder.number);
  const std::string_view field = FieldOfIdentity(holder.identity.kind);
  if (!field.empty()) std::move(error).Meta("field", field);
  return error;
}

absl::Status RefuseTaken(db::Connection& db, const IdentityStore& store,
                         absl::Span<const Identity> identities, int64_t own_id) {
  CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                       store.FindHolders(db, identities));
  for (const IdentityHolder& holder : holders) {
    if (holder.customer_id != own_id) return IdentityTaken(holder);
  }
  return absl::OkStatus();
}

}  // namespace crm::customer
