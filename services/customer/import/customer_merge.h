// How the values of a row go into a customer that is there already (CUS-29). Pure.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_MERGE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_MERGE_H_

#include <vector>

#include "absl/types/span.h"
#include "common/schema/message_schema.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/customer/v1/import.pb.h"

namespace crm::customer::import {

struct MergedCustomer {
  v1::Customer customer;
  std::vector<const schema::FieldSchema*> fields;  // that the row has set
};

// `fields` of `given` go into `current`: all of them, or with FILL_BLANKS those that `current` does
// not know. The kind never changes, the first contact only moves to an earlier day, custom fields
// are merged one by one, and sums follow the opening balance.
MergedCustomer MergeRow(const v1::Customer& current, const v1::Customer& given,
                        absl::Span<const schema::FieldSchema* const> fields,
                        v1::DuplicatePolicy policy);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_CUSTOMER_MERGE_H_
