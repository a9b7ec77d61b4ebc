// Import of contacts of organisations (CUS-13).
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CONTACT_IMPORT_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CONTACT_IMPORT_H_

#include <memory>

#include "common/numbering/number_allocator.h"
#include "services/customer/archive.h"
#include "services/customer/contact_store.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// All outlive the kind. `numbers` gives contact numbers.
std::unique_ptr<ImportKind> NewContactImport(Archive& archive, const ContactStore& contacts,
                                             numbering::NumberAllocator& numbers);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CONTACT_IMPORT_H_
