// Import of interactions (CUS-18).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_INTERACTION_IMPORT_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_INTERACTION_IMPORT_H_

#include <memory>

#include "services/customer/activity_archive.h"
#include "services/customer/contact_store.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// Both outlive the kind.
std::unique_ptr<ImportKind> NewInteractionImport(ActivityArchive& activity,
                                                 const ContactStore& contacts);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_INTERACTION_IMPORT_H_
