// What the definition of a custom field must be (CUS-9). Pure.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_DEFINITION_H_
#define CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_DEFINITION_H_

#include <vector>

#include "absl/types/span.h"
#include "common/schema/validate.h"
#include "crm/customer/v1/custom_field.pb.h"

namespace crm::customer {

// Definitions in use at once: what a form can ask for, and a Struct can hold.
inline constexpr size_t kMaxLiveCustomFields = 100;

// `before` is null for a new definition; options there were must stay. `others`: the other
// definitions, whose labels must differ so that a column header names one field.
std::vector<schema::Violation> CheckCustomField(const v1::CustomField& field,
                                                const v1::CustomField* before,
                                                absl::Span<const v1::CustomField> others);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOM_FIELD_DEFINITION_H_
