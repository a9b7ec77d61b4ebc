#include "services/sales/approvers.h"

#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/sales/access.h"

namespace crm::sales {
namespace {

constexpr char kApprove[] = "opportunity.approve";
constexpr char kDecide[] = "opportunity.decide";
constexpr char kType[] = "crm.sales.v1.Opportunity";

constexpr db::Query kDelegators{"approval_delegators", R"sql(
  SELECT DISTINCT delegator
  FROM approval_delegation
  WHERE deputy = ? AND start_time <= ? AND end_time > ?
  ORDER BY delegator)sql"};

absl::Status NotAnApprover() {
  return Error(absl::StatusCode::kPermissionDenied, "NOT_AN_APPROVER",
               "the caller may not approve, and stands in for nobody now who may")
      .Meta("permission", kApprove);
}

absl::Status OwnOpportunity() {
  return Error(absl::StatusCode::kPermissionDenied, "OWN_OPPORTUNITY",
               "somebody else has to decide on an opportunity of one's own");
}

}  // namespace

bool Approvers::MayApprove(const auth::Caller& caller) const {
  return sales_.ScopeFor(caller, kApprove).has_value();
}

bool Approvers::MayStandIn(const auth::Caller& caller) const {
  return sales_.ScopeFor(caller, kDecide).has_value();
}

absl::StatusOr<std::vector<auth::Caller>> Approvers::Delegators(db::Connection& db,
                                                                const std::string& deputy,
                                                                absl::Time now) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kDelegators, {deputy, now, now}));
  const auto staff = sales_.archive.staff().Get();
  std::vector<auth::Caller> delegators;
  while (rows.Next()) {
    std::optional<auth::Caller> delegator = CallerOf(*staff, rows.String(0));
    if (delegator.has_value() && MayApprove(*delegator)) {
      delegators.push_back(*std::move(delegator));
    }
  }
  return delegators;
}

absl::StatusOr<ForDecision> Approvers::Find(server::CallContext& call,
                                            const std::string& number) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  const auto own = sales_.ScopeFor(call.caller(), kApprove);
  if (own.has_value()) {
    auto found = record::GetByNumber<v1::Opportunity>(*db, sales_.table, number, *own);
    if (found.ok()) return ForDecision{*std::move(found), ""};
    if (!absl::IsNotFound(found.status())) return std::move(found).status();
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<auth::Caller> delegators,
                       Delegators(*db, call.caller().id, call.now()));
  if (!own.has_value() && delegators.empty()) return NotAnApprover();
  for (const auth::Caller& delegator : delegators) {
    auto found = record::GetByNumber<v1::Opportunity>(*db, sales_.table, number,
                                                      *sales_.ScopeFor(delegator, kApprove));
    if (absl::IsNotFound(found.status())) continue;
    CRM_RETURN_IF_ERROR(found.status());
    if (found->message.owner() == call.caller().id) return OwnOpportunity();
    return ForDecision{*std::move(found), delegator.id};
  }
  return NotFound(kType, number);
}

}  // namespace crm::sales
