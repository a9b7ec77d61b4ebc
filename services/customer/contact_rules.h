// What a contact must be beyond what its declarations say (CUS-13). Pure.
#ifndef CRM_SERVICES_CUSTOMER_CONTACT_RULES_H_
#define CRM_SERVICES_CUSTOMER_CONTACT_RULES_H_

#include <vector>

#include "absl/time/civil_time.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/contact.pb.h"
#include "services/customer/customer_rules.h"
#include "services/customer/identity.h"
#include "services/customer/managed_lists.h"

namespace crm::customer {

// Puts the name and the channels into their stored form and gives what is wrong. What was there
// before stays, even if it is no longer allowed. `before` is null for a new contact; `today` in the
// business zone.
std::vector<schema::Violation> NormalizeContact(v1::Contact& contact, const v1::Contact* before,
                                                const CustomerPolicy& policy,
                                                const ManagedLists& lists, absl::CivilDay today);

// Its mobile; nothing for a landline or without a phone (CUS-14).
std::vector<Identity> IdentitiesOf(const v1::Contact& contact);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CONTACT_RULES_H_
