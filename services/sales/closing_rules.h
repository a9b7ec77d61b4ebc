// Closing and reopening an opportunity (SAL-7, SAL-8). Pure.
#ifndef CRM_SERVICES_SALES_CLOSING_RULES_H_
#define CRM_SERVICES_SALES_CLOSING_RULES_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "crm/sales/v1/pipeline.pb.h"

namespace crm::sales {

// FAILED_PRECONDITION, reason CONTRACT_INCOMPLETE: no contract amount or no date.
absl::Status CheckContract(const v1::Opportunity& opportunity);

// FAILED_PRECONDITION with OPPORTUNITY_CLOSED, NOT_IN_CONTRACT_STAGE, CONTRACT_INCOMPLETE or
// CONTRACT_NOT_APPROVED. A pipeline without a contract stage wins from any open one, and its
// contracts are not approved.
absl::Status CheckWinnable(const v1::Pipeline& pipeline, const v1::Opportunity& opportunity);
// The base amount becomes the contract's; INVALID_ARGUMENT if that is too large.
absl::Status MakeWon(const v1::Pipeline& pipeline, absl::Time time,
                     const v1::WinOpportunityRequest& request, v1::Opportunity& opportunity);

void MakeLost(const v1::Pipeline& pipeline, absl::Time time,
              const v1::LoseOpportunityRequest& request, v1::Opportunity& opportunity);

// FAILED_PRECONDITION, reason OPPORTUNITY_NOT_LOST.
absl::Status CheckLost(const v1::Opportunity& opportunity);
void MakeOpen(const v1::Pipeline& pipeline, absl::Time time, v1::Opportunity& opportunity);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_CLOSING_RULES_H_
