// Import of the product list (CUS-40).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_PRODUCT_IMPORT_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_PRODUCT_IMPORT_H_

#include <memory>

#include "services/customer/archive.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/product_store.h"

namespace crm::customer::import {

// Both outlive the kind.
std::unique_ptr<ImportKind> NewProductImport(Archive& archive, const ProductStore& products);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_PRODUCT_IMPORT_H_
