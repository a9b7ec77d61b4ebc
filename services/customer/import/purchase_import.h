// Import of purchases (CUS-20).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_PURCHASE_IMPORT_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_PURCHASE_IMPORT_H_

#include <memory>

#include "services/customer/activity_archive.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// `activity` outlives the kind.
std::unique_ptr<ImportKind> NewPurchaseImport(ActivityArchive& activity);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_PURCHASE_IMPORT_H_
