// Times that a caller gives (SAL-1, SAL-3). Pure.
#ifndef CRM_SERVICES_SALES_TIME_RULES_H_
#define CRM_SERVICES_SALES_TIME_RULES_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/schema/validate.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crm::sales {

// When a stage was entered: as `given` (null: now), not in the future and not before `last`, when
// the stage before was entered. INVALID_ARGUMENT naming `field`.
absl::StatusOr<absl::Time> EnterTime(absl::Time now, const google::protobuf::Timestamp* given,
                                     absl::Time last, std::string_view field);

// The first contact is not in the future.
void CheckLeadTime(absl::Time now, const v1::Opportunity& opportunity,
                   std::vector<schema::Violation>& violations);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TIME_RULES_H_
