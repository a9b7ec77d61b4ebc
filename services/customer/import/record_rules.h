// What imports of interactions and purchases have in common: recording as the RPCs do, and telling
// what was refused by row and column.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_RECORD_RULES_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_RECORD_RULES_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/schema/validate.h"
#include "common/schema/value_check.h"
#include "services/customer/activity_record.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {

// Records of a job; refusals come in both languages.
RecordContext RecordContextOf(const ImportContext& context, absl::Time now);

// The violations of a refused record; none if it was refused for another reason.
std::vector<schema::Violation> ViolationsOf(const absl::Status& status);

// The other reasons: that the customer is not there, that the order differs.
schema::Breach BreachOf(const absl::Status& status);

// Adds a field that holds no declaration of its own to a violation's path: `items[0].amount` →
// `item_amount`. Others stay.
schema::Violation InColumns(schema::Violation violation);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_RECORD_RULES_H_
