#include "services/customer/staff_handlers.h"

#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/run_list.h"
#include "common/resource/update.h"

namespace crm::customer {
namespace {

using schema::Violation;

// Four eyes start with this: nobody gives roles to themselves.
void RefuseOwnRoles(const server::CallContext& call, const v1::StaffUser& user,
                    std::vector<Violation>& violations) {
  if (call.caller().id != user.user_id()) return;
  violations.push_back(
      {"roles", "OWN_ROLES", "somebody else has to change your roles", "角色须由他人修改"});
}

bool SameRoles(const v1::StaffUser& a, const v1::StaffUser& b) {
  return std::equal(a.roles().begin(), a.roles().end(), b.roles().begin(), b.roles().end());
}

absl::Status UserTaken(const std::string& id) {
  return Error(absl::StatusCode::kAlreadyExists, "USER_EXISTS", "the directory has this user")
      .Resource(kStaffUserType, id);
}

}  // namespace

void StaffHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  const auto set = [this](v1::StaffStatus status) {
    return [this, status](CallContext& call, const v1::ChangeStaffStatusRequest& request) {
      return SetStatus(call, request, status);
    };
  };
  table.Unary<v1::CreateStaffUserRequest, v1::StaffUser>("CreateStaffUser",
                                                         bind(&StaffHandlers::Create));
  table.Unary<v1::GetStaffUserRequest, v1::StaffUser>("GetStaffUser", bind(&StaffHandlers::Get));
  table.Unary<v1::ListStaffUsersRequest, v1::ListStaffUsersResponse>("ListStaffUsers",
                                                                     bind(&StaffHandlers::List));
  table.Unary<v1::UpdateStaffUserRequest, v1::StaffUser>("UpdateStaffUser",
                                                         bind(&StaffHandlers::Update));
  table.Unary<v1::ChangeStaffStatusRequest, v1::StaffUser>("SuspendStaffUser",
                                                           set(v1::STAFF_STATUS_SUSPENDED));
  table.Unary<v1::ChangeStaffStatusRequest, v1::StaffUser>("ActivateStaffUser",
                                                           set(v1::STAFF_STATUS_ACTIVE));
  table.Unary<v1::ListStaffHistoryRequest, v1::ListStaffHistoryResponse>(
      "ListStaffUserHistory", bind(&StaffHandlers::History));
}

absl::StatusOr<v1::StaffUser> StaffHandlers::Create(CallContext& call,
                                                    const v1::CreateStaffUserRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  StoredUser user{{}, request.user()};
  std::vector<Violation> violations =
      CheckUser(*tree.value, user.message, policy_.Get()->RoleNames());
  if (user.message.roles_size() > 0) RefuseOwnRoles(call, user.message, violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("user", std::move(violations), call.language()));
  if (tree.value->FindUser(user.message.user_id()) != nullptr) {
    return UserTaken(user.message.user_id());
  }
  user.message.set_status(v1::STAFF_STATUS_ACTIVE);
  user.key = store_.users.Create(call.writes(), user.message, record::SourceOf(call));
  StaffTree after = *tree.value;
  after.Put(user);
  store_.tree.Change(call, tree, std::move(after));
  return std::move(user.message);
}

absl::StatusOr<v1::StaffUser> StaffHandlers::Get(CallContext& call,
                                                 const v1::GetStaffUserRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredUser* user = tree.value->FindUser(request.user());
  if (user == nullptr) return NotFound(kStaffUserType, request.user());
  return user->message;
}

absl::StatusOr<v1::ListStaffUsersResponse> StaffHandlers::List(
    CallContext& call, const v1::ListStaffUsersRequest& request) {
  return record::RunList<v1::ListStaffUsersResponse>(
      call, request,
      {.table = store_.users.table(),
       .name = "staff_user_list",
       .keyring = keyring_,
       .zone = zone_},
      [](v1::ListStaffUsersResponse& response) { return response.add_users(); });
}

absl::StatusOr<v1::StaffUser> StaffHandlers::Update(CallContext& call,
                                                    const v1::UpdateStaffUserRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredUser* before = tree.value->FindUser(request.user().user_id());
  if (before == nullptr) return NotFound(kStaffUserType, request.user().user_id());
  v1::StaffUser after = before->message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.user(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before->key, request.user().etag(), "user.etag", written));
  std::vector<Violation> violations = CheckUser(*tree.value, after, policy_.Get()->RoleNames());
  if (!SameRoles(before->message, after)) RefuseOwnRoles(call, after, violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("user", std::move(violations), call.language()));
  return Save(call, tree, *before, std::move(after));
}

absl::StatusOr<v1::StaffUser> StaffHandlers::SetStatus(CallContext& call,
                                                       const v1::ChangeStaffStatusRequest& request,
                                                       v1::StaffStatus status) {
  if (request.user() == call.caller().id) {
    return Error(absl::StatusCode::kFailedPrecondition, "OWN_ACCOUNT",
                 "somebody else has to change the status of your account");
  }
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredUser* before = tree.value->FindUser(request.user());
  if (before == nullptr) return NotFound(kStaffUserType, request.user());
  v1::StaffUser after = before->message;
  after.set_status(status);
  return Save(call, tree, *before, std::move(after));
}

absl::StatusOr<v1::ListStaffHistoryResponse> StaffHandlers::History(
    CallContext& call, const v1::ListStaffHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredUser* user = tree.value->FindUser(request.name());
  if (user == nullptr) return NotFound(kStaffUserType, request.name());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       store_.users.ReadHistory(*db, user->key.id, user->message,
                                                request.page_size(), request.page_token()));
  v1::ListStaffHistoryResponse response;
  for (auto& entry : page.entries) *response.add_entries() = std::move(entry);
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

absl::StatusOr<v1::StaffUser> StaffHandlers::Save(CallContext& call,
                                                  const record::Followed<StaffTree>::Snapshot& tree,
                                                  const StoredUser& before, v1::StaffUser after) {
  StoredUser saved{before.key, std::move(after)};
  saved.key = store_.users.Change(call.writes(), before.key, before.message, saved.message,
                                  record::SourceOf(call));
  if (saved.key.version == before.key.version) return before.message;
  StaffTree changed = *tree.value;
  changed.Put(saved);
  store_.tree.Change(call, tree, std::move(changed));
  return std::move(saved.message);
}

}  // namespace crm::customer
