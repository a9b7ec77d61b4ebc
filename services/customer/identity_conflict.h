// The error for an identity that another customer has (CUS-16).
#ifndef CRM_SERVICES_CUSTOMER_IDENTITY_CONFLICT_H_
#define CRM_SERVICES_CUSTOMER_IDENTITY_CONFLICT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "services/customer/identity.h"

namespace crm::customer {

// ALREADY_EXISTS, reason IDENTITY_TAKEN, naming the holder (metadata `customer`), the kind
// (`kind`) and the field it comes from (`field`, absent for OpenIDs and accounts).
absl::Status IdentityTaken(const IdentityHolder& holder);

// IdentityTaken if one of these belongs to a customer other than `own_id` (0 = a new one).
absl::Status RefuseTaken(db::Connection& db, const IdentityStore& store,
                         absl::Span<const Identity> identities, int64_t own_id);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_IDENTITY_CONFLICT_H_
