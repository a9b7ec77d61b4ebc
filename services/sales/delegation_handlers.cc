#include "services/sales/delegation_handlers.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/list_query.h"
#include "common/record/times.h"
#include "common/resource/update.h"
#include "services/sales/access.h"

namespace crm::sales {
namespace {

constexpr char kType[] = "crm.sales.v1.ApprovalDelegation";

// Both sides of a delegation know of it.
filter::Fragment Visible(const auth::RowScope& scope) {
  if (scope.kind == auth::RowScope::Kind::kAll) return {};
  return {"(delegator = ? OR deputy = ?)", {scope.user_id, scope.user_id}};
}

absl::Status CheckOwn(const auth::RowScope& scope, const v1::ApprovalDelegation& delegation) {
  if (scope.kind == auth::RowScope::Kind::kAll || delegation.delegator() == scope.user_id) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kPermissionDenied, "NOT_OWN_DELEGATION",
               "only the delegator and administrators may do this");
}

void CheckDeputy(const v1::ApprovalDelegation& delegation, const replica::Staff& staff,
                 const Approvers& approvers, std::vector<schema::Violation>& violations) {
  const std::optional<auth::Caller> deputy = CallerOf(staff, delegation.deputy());
  if (delegation.deputy() == delegation.delegator()) {
    violations.push_back(
        {"deputy", "DEPUTY_IS_DELEGATOR", "name somebody else", "代理人不能是委托人本人"});
  } else if (staff.User(delegation.deputy()) == nullptr) {
    violations.push_back({"deputy", "DEPUTY_UNKNOWN", "use the id of a user of the staff directory",
                          "员工目录中无此员工"});
  } else if (!deputy.has_value()) {
    violations.push_back({"deputy", "DEPUTY_INACTIVE", "use an active user", "该员工已停用"});
  } else if (!approvers.MayStandIn(*deputy)) {
    violations.push_back({"deputy", "DEPUTY_CANNOT_DECIDE",
                          "use a user with a role that has opportunity.decide",
                          "代理人的角色无权代理审批"});
  }
}

}  // namespace

DelegationHandlers::DelegationHandlers(Sales& sales, numbering::NumberPattern pattern)
    : sales_(sales),
      table_(v1::ApprovalDelegation::descriptor(), sales.keyring, sales.host.ids(), "delegation"),
      numbers_(
          {.name = "delegation", .pattern = std::move(pattern), .zone = sales.zone, .block = 10},
          sales.host.pool()),
      approvers_(sales) {}

void DelegationHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateApprovalDelegationRequest, v1::ApprovalDelegation>(
      "CreateApprovalDelegation", bind(&DelegationHandlers::Create));
  table.Unary<v1::GetApprovalDelegationRequest, v1::ApprovalDelegation>(
      "GetApprovalDelegation", bind(&DelegationHandlers::Get));
  table.Unary<v1::ListApprovalDelegationsRequest, v1::ListApprovalDelegationsResponse>(
      "ListApprovalDelegations", bind(&DelegationHandlers::List));
  table.Unary<v1::UpdateApprovalDelegationRequest, v1::ApprovalDelegation>(
      "UpdateApprovalDelegation", bind(&DelegationHandlers::Update));
}

absl::Status DelegationHandlers::Check(const CallContext& call,
                                       const v1::ApprovalDelegation& delegation) const {
  const auto staff = sales_.archive.staff().Get();
  std::vector<schema::Violation> violations;
  std::optional<auth::Caller> delegator = CallerOf(*staff, delegation.delegator());
  if (!delegator.has_value() || !approvers_.MayApprove(*delegator)) {
    violations.push_back({"delegator", "DELEGATOR_CANNOT_APPROVE",
                          "use the id of an active user with a role that approves",
                          "委托人须为具有审批权限的在职员工"});
  }
  CheckDeputy(delegation, *staff, approvers_, violations);
  if (record::TimeOf(delegation.end_time()) <= record::TimeOf(delegation.start_time())) {
    violations.push_back(
        {"end_time", "RANGE_EMPTY", "use a time after start_time", "结束时间须晚于开始时间"});
  }
  return record::RefuseIn("delegation", std::move(violations), call.language());
}

absl::StatusOr<v1::ApprovalDelegation> DelegationHandlers::Create(
    CallContext& call, const v1::CreateApprovalDelegationRequest& request) {
  v1::ApprovalDelegation delegation = request.delegation();
  if (delegation.delegator().empty()) delegation.set_delegator(call.caller().id);
  CRM_RETURN_IF_ERROR(CheckOwn(call.scope(), delegation));
  CRM_RETURN_IF_ERROR(Check(call, delegation));
  if (call.validate_only()) return delegation;
  CRM_ASSIGN_OR_RETURN(std::string number, numbers_.Next(call.now()));
  delegation.set_number(std::move(number));
  table_.Create(call.writes(), delegation, record::SourceOf(call));
  return delegation;
}

absl::StatusOr<StoredDelegation> DelegationHandlers::Find(CallContext& call,
                                                          const std::string& number) const {
  filter::Fragment where{"number = ?", {number}};
  where.And(Visible(call.scope()));
  const std::string sql = absl::StrCat("SELECT ", table_.table().Columns(),
                                       " FROM approval_delegation WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db->Select({"delegation_by_number", sql}, where.values));
  if (!rows.Next()) return NotFound(kType, number);
  StoredDelegation found;
  CRM_RETURN_IF_ERROR(table_.table().Read(rows, found.key, found.message));
  return found;
}

absl::StatusOr<v1::ApprovalDelegation> DelegationHandlers::Get(
    CallContext& call, const v1::GetApprovalDelegationRequest& request) {
  CRM_ASSIGN_OR_RETURN(StoredDelegation found, Find(call, request.delegation()));
  return std::move(found.message);
}

absl::StatusOr<v1::ListApprovalDelegationsResponse> DelegationHandlers::List(
    CallContext& call, const v1::ListApprovalDelegationsRequest& request) {
  const resource::ResourceTable& table = table_.table();
  filter::CompileOptions options;
  options.keyring = &sales_.keyring;
  options.now = call.now();
  options.zone = sales_.zone;
  options.language = call.language();
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       filter::ListQuery::Make({.schema = table.schema(),
                                                .from = table.name(),
                                                .columns = table.Columns(),
                                                .column_count = table.column_count(),
                                                .condition = Visible(call.scope()),
                                                .scope = {auth::RowScope::Kind::kAll, {}, {}}},
                                               {.page_size = request.page_size(),
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = request.order_by()},
                                               options));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListApprovalDelegationsResponse response;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "delegation_list", [&](const db::Rows& row) {
                         resource::RowKey key;
                         return table.Read(row, key, *response.add_delegations());
                       }));
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

absl::StatusOr<v1::ApprovalDelegation> DelegationHandlers::Update(
    CallContext& call, const v1::UpdateApprovalDelegationRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredDelegation before, Find(call, request.delegation().number()));
  CRM_RETURN_IF_ERROR(CheckOwn(call.scope(), before.message));
  v1::ApprovalDelegation after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.delegation(), after, call.language()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(resource::CheckEtag(*db, before.key, request.delegation().etag(),
                                          "delegation.etag", written));
  CRM_RETURN_IF_ERROR(Check(call, after));
  if (call.validate_only()) return after;
  table_.Change(call.writes(), before.key, before.message, after, record::SourceOf(call));
  return after;
}

}  // namespace crm::sales
