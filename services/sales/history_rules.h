// Makes an opportunity of an older system ours, with its own dates. Pure.
#ifndef CRM_SERVICES_SALES_HISTORY_RULES_H_
#define CRM_SERVICES_SALES_HISTORY_RULES_H_

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/schema/validate.h"
#include "crm/sales/v1/history.pb.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "crm/sales/v1/pipeline.pb.h"

namespace crm::sales {

struct TakenOver {
  v1::Opportunity opportunity;
  std::vector<v1::StageMove> moves;  // oldest first, the one into its stage last
  std::vector<schema::Violation> violations;
};

struct HistoryRules {
  absl::Time now;
  absl::TimeZone zone;
  v1::MissingFields missing = v1::MISSING_FIELDS_UNSPECIFIED;
  std::string_view actor;
};

// What a row must say to be told apart from others, whatever else is missing.
std::vector<schema::Violation> CheckIdentified(const v1::HistoricOpportunity& row);

// `row` has the customer's number and the owner's user id, if they are known. With violations the
// rest is not to be used.
TakenOver TakeOver(const v1::HistoricOpportunity& row, const v1::Pipeline& pipeline,
                   const HistoryRules& rules);

// By code or name in either language, whatever the case; won and lost by their labels, too. Null if
// there is none.
const v1::Stage* StageNamed(const v1::Pipeline& pipeline, std::string_view text);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_HISTORY_RULES_H_
