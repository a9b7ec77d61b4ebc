// Default probabilities beside what really became of opportunities (SAL-16). Pure.
#ifndef CRM_SERVICES_SALES_CALIBRATION_RULES_H_
#define CRM_SERVICES_SALES_CALIBRATION_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/schema/language.h"
#include "crm/sales/v1/insight.pb.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "google/protobuf/repeated_field.h"
#include "services/sales/insight_store.h"

namespace crm::sales {

enum class CalibrationDetail { kAll, kBySource };

// An opportunity has been in every stage up to its furthest one, a won one in all of them.
// `min_sample`: 0 = the usual.
std::vector<v1::CalibrationLine> Calibrate(const v1::Pipeline& pipeline,
                                           const std::vector<Outcome>& outcomes, int min_sample,
                                           CalibrationDetail detail, schema::Language language);

// Makes suggestions the defaults of the named stages; of all that have one if none is named.
// FAILED_PRECONDITION, reason NO_SUGGESTION.
absl::Status ApplySuggestions(const std::vector<v1::CalibrationLine>& lines,
                              const google::protobuf::RepeatedPtrField<std::string>& stages,
                              v1::Pipeline& pipeline);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_CALIBRATION_RULES_H_
