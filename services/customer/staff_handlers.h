// RPCs of StaffService about users (PLT-31).
#ifndef CRM_SERVICES_CUSTOMER_STAFF_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_STAFF_HANDLERS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/policy.h"
#include "common/crypto/keyring.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "services/customer/staff_store.h"

namespace crm::customer {

class StaffHandlers {
 public:
  // All outlive the handlers.
  StaffHandlers(StaffStore& store, const auth::CurrentPolicy& policy, crypto::Keyring& keyring,
                absl::TimeZone zone)
      : store_(store), policy_(policy), keyring_(keyring), zone_(zone) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::StaffUser> Create(CallContext& call,
                                       const v1::CreateStaffUserRequest& request);
  absl::StatusOr<v1::StaffUser> Get(CallContext& call, const v1::GetStaffUserRequest& request);
  absl::StatusOr<v1::ListStaffUsersResponse> List(CallContext& call,
                                                  const v1::ListStaffUsersRequest& request);
  absl::StatusOr<v1::StaffUser> Update(CallContext& call,
                                       const v1::UpdateStaffUserRequest& request);
  absl::StatusOr<v1::StaffUser> SetStatus(CallContext& call,
                                          const v1::ChangeStaffStatusRequest& request,
                                          v1::StaffStatus status);
  absl::StatusOr<v1::ListStaffHistoryResponse> History(CallContext& call,
                                                       const v1::ListStaffHistoryRequest& request);
  absl::StatusOr<v1::StaffUser> Save(CallContext& call,
                                     const record::Followed<StaffTree>::Snapshot& tree,
                                     const StoredUser& before, v1::StaffUser after);

  StaffStore& store_;
  const auth::CurrentPolicy& policy_;
  crypto::Keyring& keyring_;
  const absl::TimeZone zone_;
};

inline constexpr std::string_view kStaffUserType = "crm.customer.v1.StaffUser";
inline constexpr std::string_view kStaffTeamType = "crm.customer.v1.StaffTeam";

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_HANDLERS_H_
