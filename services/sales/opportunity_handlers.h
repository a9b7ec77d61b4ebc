// OpportunityService: create, read, change, list opportunities (SAL-1, SAL-5).
#ifndef CRM_SERVICES_SALES_OPPORTUNITY_HANDLERS_H_
#define CRM_SERVICES_SALES_OPPORTUNITY_HANDLERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class OpportunityHandlers {
 public:
  // `sales` outlives it.
  explicit OpportunityHandlers(Sales& sales) : sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Opportunity> Create(CallContext& call,
                                         const v1::CreateOpportunityRequest& request);
  absl::StatusOr<v1::Opportunity> Get(CallContext& call, const v1::GetOpportunityRequest& request);
  absl::StatusOr<v1::BatchGetOpportunitiesResponse> BatchGet(
      CallContext& call, const v1::BatchGetOpportunitiesRequest& request);
  absl::StatusOr<v1::ListOpportunitiesResponse> List(CallContext& call,
                                                     const v1::ListOpportunitiesRequest& request);
  absl::StatusOr<v1::Opportunity> Update(CallContext& call,
                                         const v1::UpdateOpportunityRequest& request);
  absl::StatusOr<v1::ListOpportunityHistoryResponse> History(
      CallContext& call, const v1::ListOpportunityHistoryRequest& request);

  // Owner, team and pipeline where none are named.
  absl::Status FillOwner(CallContext& call, const Pipelines& pipelines,
                         v1::Opportunity& opportunity) const;

  // Sets the customer of one that came from an older system without.
  absl::Status CompleteCustomer(CallContext& call, const v1::UpdateOpportunityRequest& request,
                                v1::Opportunity& after) const;

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_OPPORTUNITY_HANDLERS_H_
