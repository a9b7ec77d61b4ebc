// Who owns a customer that a call creates.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_OWNER_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_OWNER_H_

#include "common/server/call_context.h"
#include "common/server/staff_directory.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

// Sets the owner, if none is named, to the user who calls; the team, if none is named, to the
// owner's, or the caller's for an owner that the directory does not know.
void FillOwner(const server::CallContext& call, const server::StaffDirectory& staff,
               v1::Customer& customer);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_OWNER_H_
