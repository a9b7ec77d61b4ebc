// HistoryService: takes over the opportunities of an older system (SAL-1, SAL-3).
#ifndef CRM_SERVICES_SALES_HISTORY_HANDLERS_H_
#define CRM_SERVICES_SALES_HISTORY_HANDLERS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/auth/policy.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/history.pb.h"
#include "services/sales/history_rules.h"
#include "services/sales/sales.h"

namespace crm::sales {

class HistoryHandlers {
 public:
  // Both outlive it.
  HistoryHandlers(const auth::CurrentPolicy& policy, Sales& sales)
      : policy_(policy), sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ImportOpportunitiesResponse> Import(
      CallContext& call, const v1::ImportOpportunitiesRequest& request);

  absl::Status Write(CallContext& call, const TakenOver& taken, v1::HistoricOutcome& outcome);

  const auth::CurrentPolicy& policy_;
  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_HISTORY_HANDLERS_H_
