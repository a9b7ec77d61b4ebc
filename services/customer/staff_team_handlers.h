// RPCs of StaffService about the team tree (PLT-31).
#ifndef CRM_SERVICES_CUSTOMER_STAFF_TEAM_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_STAFF_TEAM_HANDLERS_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/keyring.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "services/customer/staff_store.h"

namespace crm::customer {

class StaffTeamHandlers {
 public:
  // All outlive the handlers.
  StaffTeamHandlers(StaffStore& store, crypto::Keyring& keyring, absl::TimeZone zone)
      : store_(store), keyring_(keyring), zone_(zone) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::StaffTeam> Create(CallContext& call,
                                       const v1::CreateStaffTeamRequest& request);
  absl::StatusOr<v1::StaffTeam> Get(CallContext& call, const v1::GetStaffTeamRequest& request);
  absl::StatusOr<v1::ListStaffTeamsResponse> List(CallContext& call,
                                                  const v1::ListStaffTeamsRequest& request);
  absl::StatusOr<v1::StaffTeam> Update(CallContext& call,
                                       const v1::UpdateStaffTeamRequest& request);
  absl::StatusOr<v1::DeleteStaffTeamResponse> Delete(CallContext& call,
                                                     const v1::DeleteStaffTeamRequest& request);
  absl::StatusOr<v1::ListStaffHistoryResponse> History(CallContext& call,
                                                       const v1::ListStaffHistoryRequest& request);

  StaffStore& store_;
  crypto::Keyring& keyring_;
  const absl::TimeZone zone_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_TEAM_HANDLERS_H_
