// OpportunityService: moves between stages, closing and reopening (SAL-3, SAL-4, SAL-8, SAL-9).
#ifndef CRM_SERVICES_SALES_STAGE_HANDLERS_H_
#define CRM_SERVICES_SALES_STAGE_HANDLERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class StageHandlers {
 public:
  // `sales` outlives it.
  explicit StageHandlers(Sales& sales) : sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Opportunity> Advance(CallContext& call,
                                          const v1::AdvanceStageRequest& request);
  absl::StatusOr<v1::Opportunity> Move(CallContext& call, const v1::MoveStageRequest& request);
  absl::StatusOr<v1::StageHistory> History(CallContext& call,
                                           const v1::GetStageHistoryRequest& request);
  absl::StatusOr<v1::Opportunity> Win(CallContext& call, const v1::WinOpportunityRequest& request);
  absl::StatusOr<v1::Opportunity> Lose(CallContext& call,
                                       const v1::LoseOpportunityRequest& request);
  absl::StatusOr<v1::Opportunity> Reopen(CallContext& call,
                                         const v1::ReopenOpportunityRequest& request);

  // Writes `after`, which has entered its stage, if it may, and does what that sets off.
  absl::StatusOr<StoredOpportunity> Save(CallContext& call, const StoredOpportunity& before,
                                         v1::Opportunity after, bool backwards,
                                         const std::string& reason);

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_STAGE_HANDLERS_H_
