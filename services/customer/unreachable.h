// Keeps `Customer.unreachable` in step with the customer's contacts (CUS-4), whoever changes them:
// the API or an import.
#ifndef CRM_SERVICES_CUSTOMER_UNREACHABLE_H_
#define CRM_SERVICES_CUSTOMER_UNREACHABLE_H_

#include "absl/types/span.h"
#include "common/db/write_set.h"
#include "services/customer/contact_store.h"
#include "services/customer/customer_store.h"

namespace crm::customer {

// A contact of a customer, before and after a change.
struct ContactStep {
  const StoredContact* before = nullptr;  // null: new
  const v1::Contact* after = nullptr;     // null: deleted; the message of `before`: unchanged
};

// Whether the customer may become reachable or unreachable by it.
bool AffectsReach(const ContactStep& step);

// Sets `unreachable` of `customer`, which is `before` with other changes or without. `contacts` are
// all it has. The commit fails with WRITE_CONFLICT if one that the answer depends on has changed
// meanwhile; a customer that ends as it was has to be written by nobody.
void FollowContacts(db::WriteSet& writes, const StoredCustomer& before,
                    absl::Span<const ContactStep> contacts, v1::Customer& customer);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_UNREACHABLE_H_
