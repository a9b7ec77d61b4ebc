// PreviewPermissions: what roles, a user or a token may do (PLT-13).
#ifndef CRM_SERVICES_CUSTOMER_STAFF_PERMISSIONS_H_
#define CRM_SERVICES_CUSTOMER_STAFF_PERMISSIONS_H_

#include "absl/status/statusor.h"
#include "common/auth/jwt.h"
#include "common/auth/policy.h"
#include "common/server/method_table.h"
#include "common/server/staff_directory.h"
#include "crm/customer/v1/staff_service.pb.h"

namespace crm::customer {

class StaffPermissions {
 public:
  // All outlive this.
  StaffPermissions(const auth::CurrentPolicy& policy, auth::TokenVerifier& tokens,
                   const server::StaffDirectory& staff)
      : policy_(policy), tokens_(tokens), staff_(staff) {}

  void Register(server::MethodTable& table);

 private:
  absl::StatusOr<v1::PreviewPermissionsResponse> Preview(
      server::CallContext& call, const v1::PreviewPermissionsRequest& request);
  absl::StatusOr<auth::Caller> SubjectOf(const server::CallContext& call,
                                         const v1::PreviewPermissionsRequest& request) const;
  v1::PreviewPermissionsResponse Explain(const auth::Caller& subject) const;

  const auth::CurrentPolicy& policy_;
  auth::TokenVerifier& tokens_;
  const server::StaffDirectory& staff_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_PERMISSIONS_H_
