// DelegationService: who stands in for whom when something has to be approved (SAL-7).
#ifndef CRM_SERVICES_SALES_DELEGATION_HANDLERS_H_
#define CRM_SERVICES_SALES_DELEGATION_HANDLERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/filter/fragment.h"
#include "common/numbering/current_numbers.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/delegation_service.pb.h"
#include "services/sales/approvers.h"
#include "services/sales/sales.h"

namespace crm::sales {

using StoredDelegation = record::Stored<v1::ApprovalDelegation>;

inline constexpr char kDelegationPattern[] = "AD{yyyy}{seq:4}";

class DelegationHandlers {
 public:
  // `sales` outlives it.
  DelegationHandlers(Sales& sales, numbering::NumberPattern pattern);

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ApprovalDelegation> Create(CallContext& call,
                                                const v1::CreateApprovalDelegationRequest& request);
  absl::StatusOr<v1::ApprovalDelegation> Get(CallContext& call,
                                             const v1::GetApprovalDelegationRequest& request);
  absl::StatusOr<v1::ListApprovalDelegationsResponse> List(
      CallContext& call, const v1::ListApprovalDelegationsRequest& request);
  absl::StatusOr<v1::ApprovalDelegation> Update(CallContext& call,
                                                const v1::UpdateApprovalDelegationRequest& request);

  absl::StatusOr<StoredDelegation> Find(CallContext& call, const std::string& number) const;
  absl::Status Check(const CallContext& call, const v1::ApprovalDelegation& delegation) const;

  Sales& sales_;
  const record::Table table_;
  numbering::CurrentNumbers numbers_;
  const Approvers approvers_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_DELEGATION_HANDLERS_H_
