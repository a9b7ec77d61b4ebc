// The columns of a customer file, and what is told from them together. Pure.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_COLUMNS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_COLUMNS_H_

#include <string>

#include "crm/customer/v1/customer.pb.h"
#include "services/customer/import/column_plan.h"

namespace crm::customer::import {

// The fields a customer file can have: those of the API, the opening balance (CUS-7), and `budget`,
// a band in one cell (CUS-6).
const FieldCatalog& CustomerCatalog();

// Name, phone and address: how a customer without a mobile is recognised. Empty if that would be
// too little: a person's name alone.
std::string NameKeyOf(const v1::Customer& customer);

// Organisation or person, from what the customer has (CUS-2).
v1::CustomerKind GuessKind(const v1::Customer& customer);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_COLUMNS_H_
