// TargetService (SAL-19).
#ifndef CRM_SERVICES_SALES_TARGET_HANDLERS_H_
#define CRM_SERVICES_SALES_TARGET_HANDLERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/numbering/current_numbers.h"
#include "common/record/table.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/target.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class TargetHandlers {
 public:
  // Both outlive it.
  TargetHandlers(runtime::ServiceRuntime& runtime, const Sales& sales);

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Target> Set(CallContext& call, const v1::SetTargetRequest& request);
  absl::StatusOr<v1::DeleteTargetResponse> Delete(CallContext& call,
                                                  const v1::DeleteTargetRequest& request);
  absl::StatusOr<v1::ListTargetsResponse> List(CallContext& call,
                                               const v1::ListTargetsRequest& request);
  absl::StatusOr<v1::ListTargetHistoryResponse> History(
      CallContext& call, const v1::ListTargetHistoryRequest& request);
  absl::StatusOr<v1::GetAttainmentResponse> GetAttainment(CallContext& call,
                                                          const v1::GetAttainmentRequest& request);

  // Fills owner and team by the staff directory, and checks that the caller may set it.
  absl::Status Place(const CallContext& call, v1::Target& target) const;

  const Sales& sales_;
  numbering::CurrentNumbers numbers_;
  const record::Table table_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TARGET_HANDLERS_H_
