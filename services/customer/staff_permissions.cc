#include "services/customer/staff_permissions.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/schema/message_schema.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/staff_handlers.h"

namespace crm::customer {
namespace {

absl::Status OneSubjectOnly() {
  return InvalidField("user", "SUBJECT_AMBIGUOUS", "send roles, a user or a token, not several");
}

absl::Status OthersDenied() {
  return Error(absl::StatusCode::kPermissionDenied, "PERMISSION_MISSING",
               "the caller may preview only their own permissions")
      .Meta("permission", "permission.preview");
}

}  // namespace

void StaffPermissions::Register(server::MethodTable& table) {
  table.Unary<v1::PreviewPermissionsRequest, v1::PreviewPermissionsResponse>(
      "PreviewPermissions",
      [this](server::CallContext& call, const v1::PreviewPermissionsRequest& request) {
        return Preview(call, request);
      });
}

absl::StatusOr<auth::Caller> StaffPermissions::SubjectOf(
    const server::CallContext& call, const v1::PreviewPermissionsRequest& request) const {
  if (!request.token().empty()) {
    CRM_ASSIGN_OR_RETURN(const auto claims, tokens_.Verify(request.token()));
    return auth::MakeCaller(*claims, "");
  }
  auth::Caller subject;
  if (!request.user().empty()) {
    subject.id = request.user();
    return subject;
  }
  subject.roles.assign(request.roles().begin(), request.roles().end());
  return subject.roles.empty() ? call.caller() : subject;
}

absl::StatusOr<v1::PreviewPermissionsResponse> StaffPermissions::Preview(
    server::CallContext& call, const v1::PreviewPermissionsRequest& request) {
  const int subjects = (request.roles().empty() ? 0 : 1) + (request.user().empty() ? 0 : 1) +
                       (request.token().empty() ? 0 : 1);
  if (subjects > 1) return OneSubjectOnly();
  const bool may_see_others = call.scope().kind == auth::RowScope::Kind::kAll;
  // Before anything is told about the other: permission is checked before existence.
  if (!may_see_others && (!request.roles().empty() ||
                          (!request.user().empty() && request.user() != call.caller().id))) {
    return OthersDenied();
  }
  CRM_ASSIGN_OR_RETURN(const auth::Caller subject, SubjectOf(call, request));
  if (!may_see_others && subject.id != call.caller().id) return OthersDenied();
  const bool is_own = subject.id == call.caller().id;
  if (!request.user().empty() && !is_own && staff_.Find(request.user()) == nullptr) {
    return NotFound(kStaffUserType, request.user());
  }
  return Explain(!request.user().empty() && is_own ? call.caller() : subject);
}

v1::PreviewPermissionsResponse StaffPermissions::Explain(const auth::Caller& subject) const {
  v1::PreviewPermissionsResponse response;
  std::vector<std::string> roles = subject.roles;
  response.set_user(subject.id);
  response.set_team(subject.team);
  response.set_active(true);
  if (!subject.team.empty()) response.add_teams_below(subject.team);
  const bool is_user = subject.kind == auth::CallerKind::kUser && !subject.id.empty();
  if (const auto staff = is_user ? staff_.Find(subject.id) : nullptr; staff != nullptr) {
    roles = staff->roles;
    response.set_active(staff->active);
    response.set_team(staff->team);
    response.clear_teams_below();
    for (const std::string& team : staff->teams_below) response.add_teams_below(team);
  }
  for (const std::string& role : roles) response.add_roles(role);
  if (!response.active()) return response;  // nothing is granted to the suspended

  auth::Explanation all = policy_.Get()->Explain(roles);
  for (std::string& role : all.unknown_roles) response.add_unknown_roles(std::move(role));
  for (const auto& [permission, scope] : all.grants) {
    v1::PermissionGrant& grant = *response.add_grants();
    grant.set_permission(permission);
    grant.set_scope(std::string(auth::ScopeName(scope)));
  }
  for (const auth::Right right : all.rights) {
    response.add_rights(std::string(auth::RightName(right)));
  }
  for (const auth::Sensitivity kind : all.plain) response.add_plain_kinds(kind);
  for (const schema::FieldSchema& field : schema::MessageSchema::Of<v1::Customer>().fields()) {
    const auto kind = field.options->sensitivity();
    if (std::find(all.plain.begin(), all.plain.end(), kind) != all.plain.end()) {
      response.add_plain_customer_fields(field.name);
    }
  }
  return response;
}

}  // namespace crm::customer
