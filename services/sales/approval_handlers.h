// OpportunityService: probability proposals and contract approval (SAL-6, SAL-7).
#ifndef CRM_SERVICES_SALES_APPROVAL_HANDLERS_H_
#define CRM_SERVICES_SALES_APPROVAL_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "services/sales/approvers.h"
#include "services/sales/sales.h"

namespace crm::sales {

class ApprovalHandlers {
 public:
  // `sales` outlives it.
  explicit ApprovalHandlers(Sales& sales) : sales_(sales), approvers_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Opportunity> Propose(CallContext& call,
                                          const v1::ProposeProbabilityRequest& request);
  absl::StatusOr<v1::Opportunity> Withdraw(CallContext& call,
                                           const v1::WithdrawProbabilityRequest& request);
  absl::StatusOr<v1::Opportunity> DecideProbability(CallContext& call,
                                                    const v1::DecideRequest& request,
                                                    v1::ApprovalStatus decision);
  absl::StatusOr<v1::Opportunity> DecideContract(CallContext& call,
                                                 const v1::DecideRequest& request,
                                                 v1::ApprovalStatus decision);

  Sales& sales_;
  const Approvers approvers_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_APPROVAL_HANDLERS_H_
