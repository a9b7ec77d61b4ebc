// Words that spreadsheets use for entries of managed lists beside their labels.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_LIST_SYNONYMS_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_LIST_SYNONYMS_H_

#include <string_view>

namespace crm::customer::import {

// The code that `text`, folded for search, stands for in `list`; empty if none. Whether the list
// still has that code is for the caller to see.
std::string_view CodeOfSynonym(std::string_view list, std::string_view folded);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_LIST_SYNONYMS_H_
