// Who is calling, and may he (PLT-12, PLT-13). Runs before anything of the request is looked at.
//
// Errors: UNAUTHENTICATED (reasons of auth/jwt.h); PERMISSION_DENIED with USER_INACTIVE or
// PERMISSION_MISSING (metadata `permission`).
#ifndef CRM_COMMON_SERVER_GATE_H_
#define CRM_COMMON_SERVER_GATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/auth/jwt.h"
#include "common/auth/policy.h"
#include "common/schema/mask.h"
#include "common/server/call.h"
#include "common/server/staff_directory.h"

namespace crm::server {

// Thread-safe.
class Gate {
 public:
  struct Pass {
    auth::Caller caller;
    Scope scope;
    schema::Viewer viewer;
  };

  // `staff` and `involved` may be null. All outlive the gate.
  Gate(auth::TokenVerifier* tokens, const auth::CurrentPolicy* policy, const StaffDirectory* staff,
       const schema::InvolvedStaff* involved = nullptr);

  absl::StatusOr<Pass> Admit(const ServedMethod& method, const CallHeaders& headers) const;
  // What a caller who has been admitted may do with another permission. Not for an answer: what the
  // caller is involved with does not count.
  absl::StatusOr<Pass> AdmitKnown(auth::Caller caller, const std::string& permission) const;

 private:
  absl::StatusOr<Pass> PassOf(auth::Caller caller, const std::string& permission) const;
  schema::Viewer ViewerOf(const auth::Caller& caller) const;
  absl::StatusOr<auth::Caller> Identify(const CallHeaders& headers) const;

  auth::TokenVerifier* const tokens_;
  const auth::CurrentPolicy* const policy_;
  const StaffDirectory* const staff_;
  const schema::InvolvedStaff* const involved_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_GATE_H_
