#include "services/sales/approval_handlers.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/sales/closing_rules.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

absl::Status CheckPending(v1::ApprovalStatus status, const v1::Opportunity& opportunity) {
  if (status == v1::APPROVAL_STATUS_PENDING) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_APPROVE",
               "nothing waits for a decision")
      .Precondition("APPROVAL_PENDING", opportunity.number(), "decide on what waits only");
}

absl::Status CheckNote(const v1::DecideRequest& request, v1::ApprovalStatus decision) {
  if (decision == v1::APPROVAL_STATUS_APPROVED || !request.note().empty()) return absl::OkStatus();
  return InvalidField("note", "REQUIRED", "say why it is rejected");
}

// What counts without an approved proposal.
int DefaultProbability(const v1::Pipeline& pipeline, const v1::Opportunity& opportunity) {
  const v1::Stage* stage = FindStage(pipeline, opportunity.stage());
  return stage != nullptr ? stage->probability() : opportunity.probability();
}

}  // namespace

void ApprovalHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  const auto decide = [this](auto method, v1::ApprovalStatus decision) {
    return [this, method, decision](auto& call, auto& request) {
      return (this->*method)(call, request, decision);
    };
  };
  table.Unary<v1::ProposeProbabilityRequest, v1::Opportunity>("ProposeProbability",
                                                              bind(&ApprovalHandlers::Propose));
  table.Unary<v1::WithdrawProbabilityRequest, v1::Opportunity>("WithdrawProbability",
                                                               bind(&ApprovalHandlers::Withdraw));
  table.Unary<v1::DecideRequest, v1::Opportunity>(
      "ApproveProbability",
      decide(&ApprovalHandlers::DecideProbability, v1::APPROVAL_STATUS_APPROVED));
  table.Unary<v1::DecideRequest, v1::Opportunity>(
      "RejectProbability",
      decide(&ApprovalHandlers::DecideProbability, v1::APPROVAL_STATUS_REJECTED));
  table.Unary<v1::DecideRequest, v1::Opportunity>(
      "ApproveContract", decide(&ApprovalHandlers::DecideContract, v1::APPROVAL_STATUS_APPROVED));
  table.Unary<v1::DecideRequest, v1::Opportunity>(
      "RejectContract", decide(&ApprovalHandlers::DecideContract, v1::APPROVAL_STATUS_REJECTED));
}

absl::StatusOr<v1::Opportunity> ApprovalHandlers::Propose(
    CallContext& call, const v1::ProposeProbabilityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  if (before.message.probability_approval() == v1::APPROVAL_STATUS_APPROVED) {
    return Error(absl::StatusCode::kFailedPrecondition, "PROBABILITY_OVERRIDDEN",
                 "an approved proposal counts; withdraw it before a new one")
        .Precondition("NO_APPROVED_PROPOSAL", before.message.number(), "withdraw it first");
  }
  v1::Opportunity after = before.message;
  after.set_proposed_probability(request.probability());
  after.set_probability_approval(v1::APPROVAL_STATUS_PENDING);
  after.set_probability_proposer(call.caller().id);
  after.set_probability_note(request.note());
  after.clear_probability_approver();
  after.clear_probability_approver_for();
  return sales_.ChangeBy(call, before, std::move(after)).message;
}

absl::StatusOr<v1::Opportunity> ApprovalHandlers::Withdraw(
    CallContext& call, const v1::WithdrawProbabilityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  v1::Opportunity after = before.message;
  if (after.probability_approval() == v1::APPROVAL_STATUS_APPROVED) {
    const auto pipelines = sales_.pipelines.Get();
    after.set_probability(DefaultProbability(sales_.PipelineOf(*pipelines, after), after));
  }
  after.clear_proposed_probability();
  after.clear_probability_approval();
  after.clear_probability_proposer();
  after.clear_probability_note();
  after.clear_probability_approver();
  after.clear_probability_approver_for();
  return sales_.ChangeBy(call, before, std::move(after)).message;
}

absl::StatusOr<v1::Opportunity> ApprovalHandlers::DecideProbability(
    CallContext& call, const v1::DecideRequest& request, v1::ApprovalStatus decision) {
  CRM_ASSIGN_OR_RETURN(const ForDecision found, approvers_.Find(call, request.opportunity()));
  const StoredOpportunity& before = found.opportunity;
  CRM_RETURN_IF_ERROR(CheckPending(before.message.probability_approval(), before.message));
  const std::string& proposer = before.message.probability_proposer();
  if (proposer == call.caller().id || proposer == found.stands_in_for) {
    return Error(absl::StatusCode::kPermissionDenied, "OWN_PROPOSAL",
                 "somebody else has to decide on one's own proposal");
  }
  CRM_RETURN_IF_ERROR(CheckNote(request, decision));
  v1::Opportunity after = before.message;
  after.set_probability_approval(decision);
  after.set_probability_approver(call.caller().id);
  after.set_probability_approver_for(found.stands_in_for);
  if (!request.note().empty()) after.set_probability_note(request.note());
  if (decision == v1::APPROVAL_STATUS_APPROVED) {
    after.set_probability(after.proposed_probability());
  }
  return sales_.ChangeBy(call, before, std::move(after)).message;
}

absl::StatusOr<v1::Opportunity> ApprovalHandlers::DecideContract(CallContext& call,
                                                                 const v1::DecideRequest& request,
                                                                 v1::ApprovalStatus decision) {
  CRM_ASSIGN_OR_RETURN(const ForDecision found, approvers_.Find(call, request.opportunity()));
  const StoredOpportunity& before = found.opportunity;
  CRM_RETURN_IF_ERROR(CheckPending(before.message.contract_approval(), before.message));
  CRM_RETURN_IF_ERROR(CheckNote(request, decision));
  if (decision == v1::APPROVAL_STATUS_APPROVED) {
    CRM_RETURN_IF_ERROR(CheckContract(before.message));
  }
  v1::Opportunity after = before.message;
  after.set_contract_approval(decision);
  after.set_contract_approver(call.caller().id);
  after.set_contract_approver_for(found.stands_in_for);
  after.set_contract_note(request.note());
  return sales_.ChangeBy(call, before, std::move(after)).message;
}

}  // namespace crm::sales
