// Which stages an opportunity may move to and what entering one does (SAL-3, SAL-6, SAL-7). Pure.
#ifndef CRM_SERVICES_SALES_STAGE_RULES_H_
#define CRM_SERVICES_SALES_STAGE_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "crm/sales/v1/pipeline.pb.h"

namespace crm::sales {

// Null if the pipeline has none of that code (any more).
const v1::Stage* FindStage(const v1::Pipeline& pipeline, std::string_view code);
const v1::Stage& FirstStage(const v1::Pipeline& pipeline);
// Pipelines have one each.
const v1::Stage& StageOfKind(const v1::Pipeline& pipeline, v1::StageKind kind);

// The open stage after it; null for the last one and for one that is gone.
const v1::Stage* NextStage(const v1::Pipeline& pipeline, std::string_view code);
// Codes of the stages that MoveStage may go to; any open one from a stage that is gone.
std::vector<std::string> LegalStages(const v1::Pipeline& pipeline,
                                     const v1::Opportunity& opportunity);
bool IsBackwards(const v1::Pipeline& pipeline, std::string_view from, std::string_view to);

// FAILED_PRECONDITION, reason STAGE_MOVE_ILLEGAL, with the legal ones; `to` may be null.
absl::Status CheckMove(const v1::Pipeline& pipeline, const v1::Opportunity& opportunity,
                       const v1::Stage* to);
// What the stage that the opportunity is to enter needs, whichever way it enters:
// FAILED_PRECONDITION, reason STAGE_FIELDS_MISSING, with a violation for each missing field.
absl::Status CheckRequiredFields(const v1::Pipeline& pipeline, const v1::Opportunity& entering);
// FAILED_PRECONDITION, reason OPPORTUNITY_CLOSED.
absl::Status CheckOpen(const v1::Opportunity& opportunity);

// Puts the opportunity into the stage: its default probability counts, a proposal for the stage
// before is over, and a contract stage asks for approval.
void EnterStage(const v1::Pipeline& pipeline, const v1::Stage& stage, absl::Time enter_time,
                v1::Opportunity& opportunity);

// What a change of the opportunity means for the approval of its contract: a new amount or date has
// to be approved again, one below the threshold needs nobody.
void ReviewContract(const v1::Pipeline& pipeline, const v1::Opportunity& before,
                    v1::Opportunity& after);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_STAGE_RULES_H_
