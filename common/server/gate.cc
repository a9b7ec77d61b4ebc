#include "common/server/gate.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::server {
namespace {

constexpr std::string_view kPublic = "public";
constexpr std::string_view kAuthenticated = "authenticated";
// What a program that shows a certificate instead of a token may do.
constexpr char kServiceRole[] = "service_account";

using StaffPointer = std::shared_ptr<const StaffEntry>;

absl::Status Inactive() {
  return Error(absl::StatusCode::kPermissionDenied, "USER_INACTIVE",
               "the caller's account is not active");
}

absl::Status Missing(const std::string& permission) {
  return Error(absl::StatusCode::kPermissionDenied, "PERMISSION_MISSING",
               absl::StrCat("the caller has no permission ", permission))
      .Meta("permission", permission);
}

std::vector<std::string> TeamsOf(auth::Scope granted, const auth::Caller& caller,
                                 const StaffEntry* staff) {
  if (granted == auth::Scope::kTeamAndBelow && staff != nullptr) return staff->teams_below;
  if (caller.team.empty()) return {};
  return {caller.team};
}

Scope MakeScope(auth::Scope granted, const auth::Caller& caller, const StaffEntry* staff) {
  Scope scope;
  scope.user_id = caller.id;
  switch (granted) {
    case auth::Scope::kOwn:
      scope.kind = Scope::Kind::kOwn;
      break;
    case auth::Scope::kTeam:
    case auth::Scope::kTeamAndBelow:
      scope.kind = Scope::Kind::kTeams;
      scope.teams = TeamsOf(granted, caller, staff);
      break;
    case auth::Scope::kAll:
      scope.kind = Scope::Kind::kAll;
      break;
  }
  return scope;
}

uint32_t PlainKinds(const auth::Policy& policy, const std::vector<std::string>& roles) {
  uint32_t kinds = 0;
  for (int kind = options::v1::Sensitivity_MIN; kind <= options::v1::Sensitivity_MAX; ++kind) {
    if (policy.SeesPlain(roles, static_cast<auth::Sensitivity>(kind))) kinds |= 1U << kind;
  }
  return kinds;
}

}  // namespace

Gate::Gate(auth::TokenVerifier* tokens, const auth::CurrentPolicy* policy,
           const StaffDirectory* staff, const schema::InvolvedStaff* involved)
    : tokens_(tokens), policy_(policy), staff_(staff), involved_(involved) {}

absl::StatusOr<auth::Caller> Gate::Identify(const CallHeaders& headers) const {
  if (headers.authorization.empty() && !headers.certificate_name.empty()) {
    auth::Caller caller;
    caller.id = std::string(headers.certificate_name);
    caller.kind = auth::CallerKind::kService;
    caller.roles = {kServiceRole};
    caller.remote = headers.peer;
    return caller;
  }
  CRM_ASSIGN_OR_RETURN(const std::string_view token, auth::BearerToken(headers.authorization));
  CRM_ASSIGN_OR_RETURN(const auto claims, tokens_->Verify(token));
  return auth::MakeCaller(*claims, headers.peer);
}

absl::StatusOr<Gate::Pass> Gate::Admit(const ServedMethod& method,
                                       const CallHeaders& headers) const {
  absl::StatusOr<auth::Caller> caller = Identify(headers);
  if (method.permission == kPublic) {
    // Everybody may: a stale token makes the caller nobody in particular, not refused.
    Pass pass;
    if (caller.ok()) pass.caller = *std::move(caller);
    return pass;
  }
  if (!caller.ok()) return std::move(caller).status();
  CRM_ASSIGN_OR_RETURN(Pass pass, PassOf(*std::move(caller), method.permission));
  if (method.sensitive_response) {
    pass.viewer = ViewerOf(pass.caller);
    pass.viewer.involved = involved_;
  }
  return pass;
}

absl::StatusOr<Gate::Pass> Gate::AdmitKnown(auth::Caller caller,
                                            const std::string& permission) const {
  CRM_ASSIGN_OR_RETURN(Pass pass, PassOf(std::move(caller), permission));
  pass.viewer = ViewerOf(pass.caller);
  return pass;
}

absl::StatusOr<Gate::Pass> Gate::PassOf(auth::Caller caller, const std::string& permission) const {
  Pass pass;
  pass.caller = std::move(caller);
  const bool is_user = pass.caller.kind == auth::CallerKind::kUser;
  const StaffPointer staff =
      staff_ != nullptr && is_user ? staff_->Find(pass.caller.id) : StaffPointer();
  if (staff != nullptr) {
    if (!staff->active) return Inactive();
    pass.caller.roles = staff->roles;
    pass.caller.team = staff->team;
  }
  auth::Scope granted = auth::Scope::kOwn;
  if (permission != kAuthenticated) {
    const std::optional<auth::Grant> grant = policy_->Get()->Decide(pass.caller.roles, permission);
    if (!grant.has_value()) return Missing(permission);
    granted = grant->scope;
  }
  pass.scope = MakeScope(granted, pass.caller, staff.get());
  return pass;
}

schema::Viewer Gate::ViewerOf(const auth::Caller& caller) const {
  return {caller.id, PlainKinds(*policy_->Get(), caller.roles)};
}

}  // namespace crm::server
