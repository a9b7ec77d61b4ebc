#include "services/sales/closing_rules.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/times.h"
#include "services/sales/amount_rules.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {
namespace {

bool HasContractStage(const v1::Pipeline& pipeline) {
  return std::any_of(pipeline.stages().begin(), pipeline.stages().end(),
                     [](const v1::Stage& stage) { return stage.contract(); });
}

bool IsApproved(const v1::Opportunity& opportunity) {
  return opportunity.contract_approval() == v1::APPROVAL_STATUS_APPROVED ||
         opportunity.contract_approval() == v1::APPROVAL_STATUS_NOT_NEEDED;
}

}  // namespace

absl::Status CheckContract(const v1::Opportunity& opportunity) {
  if (!opportunity.contract_amount().empty() && !opportunity.contract_date().empty()) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "CONTRACT_INCOMPLETE",
               "the contract has no amount or no date")
      .Precondition("CONTRACT_COMPLETE", opportunity.number(),
                    "set contract_amount and contract_date first");
}

absl::Status CheckWinnable(const v1::Pipeline& pipeline, const v1::Opportunity& opportunity) {
  CRM_RETURN_IF_ERROR(CheckOpen(opportunity));
  const bool by_contract = HasContractStage(pipeline);
  if (by_contract && !opportunity.committed()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_IN_CONTRACT_STAGE",
                 "an opportunity is won from the contract stage")
        .Meta("stage", opportunity.stage())
        .Precondition("IN_CONTRACT_STAGE", opportunity.number(),
                      "move to the contract stage first");
  }
  CRM_RETURN_IF_ERROR(CheckContract(opportunity));
  if (!by_contract || IsApproved(opportunity)) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "CONTRACT_NOT_APPROVED",
               "the contract has not been approved")
      .Precondition("CONTRACT_APPROVED", opportunity.number(), "have the contract approved first");
}

absl::Status MakeWon(const v1::Pipeline& pipeline, absl::Time time,
                     const v1::WinOpportunityRequest& request, v1::Opportunity& opportunity) {
  std::optional<std::string> base = InBaseCurrency(opportunity, opportunity.contract_amount());
  if (!base.has_value()) {
    return InvalidField("contract_amount", "AMOUNT_OUT_OF_RANGE",
                        "use a contract amount up to 999999999999.99 CNY");
  }
  EnterStage(pipeline, StageOfKind(pipeline, v1::STAGE_KIND_WON), time, opportunity);
  opportunity.set_base_amount(*std::move(base));
  record::SetTime(time, *opportunity.mutable_close_time());
  opportunity.set_win_reason(request.reason());
  opportunity.set_close_note(request.note());
  return absl::OkStatus();
}

void MakeLost(const v1::Pipeline& pipeline, absl::Time time,
              const v1::LoseOpportunityRequest& request, v1::Opportunity& opportunity) {
  opportunity.set_last_open_stage(opportunity.stage());
  EnterStage(pipeline, StageOfKind(pipeline, v1::STAGE_KIND_LOST), time, opportunity);
  record::SetTime(time, *opportunity.mutable_close_time());
  opportunity.set_loss_reason(request.reason());
  opportunity.set_close_note(request.note());
  opportunity.set_lost_to(request.lost_to());
}

absl::Status CheckLost(const v1::Opportunity& opportunity) {
  if (opportunity.stage_kind() == v1::STAGE_KIND_LOST) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "OPPORTUNITY_NOT_LOST",
               "only a lost opportunity can be reopened")
      .Meta("stage", opportunity.stage())
      .Precondition("OPPORTUNITY_LOST", opportunity.number(), "reopen lost opportunities only");
}

void MakeOpen(const v1::Pipeline& pipeline, absl::Time time, v1::Opportunity& opportunity) {
  const v1::Stage* stage = FindStage(pipeline, opportunity.last_open_stage());
  EnterStage(pipeline, stage != nullptr ? *stage : FirstStage(pipeline), time, opportunity);
  opportunity.clear_close_time();
  opportunity.clear_loss_reason();
  opportunity.clear_close_note();
  opportunity.clear_lost_to();
  opportunity.clear_last_open_stage();
  opportunity.clear_closed_before_import();
}

}  // namespace crm::sales
