// Definitions of custom fields; the SQL of the table `custom_field`.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_STORE_H_
#define CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_STORE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/record/followed.h"
#include "common/record/table.h"
#include "crm/customer/v1/custom_field.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

using StoredCustomField = record::Stored<v1::CustomField>;
// By key.
using CustomFieldSet = std::map<std::string, StoredCustomField, std::less<>>;

std::vector<v1::CustomField> DefinitionsOf(const CustomFieldSet& fields);

// Thread-safe.
struct CustomFieldStore {
  // New definitions go into the archive's rules.
  explicit CustomFieldStore(Archive& archive);

  absl::StatusOr<CustomFieldSet> Load(db::Connection& db) const;

  const record::Table table;
  record::Followed<CustomFieldSet> fields;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_STORE_H_
