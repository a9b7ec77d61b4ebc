#include "services/sales/stage_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "common/record/times.h"
#include "common/resource/resource_table.h"
#include "common/schema/message_schema.h"
#include "services/sales/amount_rules.h"

namespace crm::sales {
namespace {

constexpr int kGone = -1;

int RankOf(const v1::Pipeline& pipeline, std::string_view code) {
  for (int i = 0; i < pipeline.stages_size(); ++i) {
    if (pipeline.stages(i).code() == code) return i;
  }
  return kGone;
}

bool IsOpen(const v1::Stage& stage) { return stage.kind() == v1::STAGE_KIND_OPEN; }

// Whatever is known of the deal's size: expected or agreed.
int64_t LargestBaseAmount(const v1::Opportunity& opportunity) {
  const auto contract = InBaseCurrency(opportunity, opportunity.contract_amount());
  return std::max(CentsOf(opportunity.base_amount()), CentsOf(contract.value_or("")));
}

bool NeedsApproval(const v1::Pipeline& pipeline, const v1::Opportunity& opportunity) {
  if (pipeline.approval_threshold().empty()) return true;
  return LargestBaseAmount(opportunity) >= CentsOf(pipeline.approval_threshold());
}

void AskForApproval(const v1::Pipeline& pipeline, v1::Opportunity& opportunity) {
  opportunity.set_contract_approval(NeedsApproval(pipeline, opportunity)
                                        ? v1::APPROVAL_STATUS_PENDING
                                        : v1::APPROVAL_STATUS_NOT_NEEDED);
  opportunity.clear_contract_approver();
  opportunity.clear_contract_approver_for();
  opportunity.clear_contract_note();
}

std::vector<std::string> MissingFields(const v1::Stage& stage, const v1::Opportunity& opportunity) {
  const auto& schema = schema::MessageSchema::Of<v1::Opportunity>();
  std::vector<std::string> missing;
  for (const std::string& name : stage.required_fields()) {
    const schema::FieldSchema* field = schema.Find(name);
    // One that a later release no longer has cannot be filled.
    if (field != nullptr && !resource::FieldText(opportunity, *field)) missing.push_back(name);
  }
  return missing;
}

}  // namespace

const v1::Stage* FindStage(const v1::Pipeline& pipeline, std::string_view code) {
  const int rank = RankOf(pipeline, code);
  return rank == kGone ? nullptr : &pipeline.stages(rank);
}

const v1::Stage& FirstStage(const v1::Pipeline& pipeline) { return pipeline.stages(0); }

const v1::Stage& StageOfKind(const v1::Pipeline& pipeline, v1::StageKind kind) {
  return *std::find_if(pipeline.stages().begin(), pipeline.stages().end(),
                       [kind](const v1::Stage& stage) { return stage.kind() == kind; });
}

const v1::Stage* NextStage(const v1::Pipeline& pipeline, std::string_view code) {
  const int next = RankOf(pipeline, code) + 1;
  if (next == kGone + 1 || next >= pipeline.stages_size()) return nullptr;
  return IsOpen(pipeline.stages(next)) ? &pipeline.stages(next) : nullptr;
}

std::vector<std::string> LegalStages(const v1::Pipeline& pipeline,
                                     const v1::Opportunity& opportunity) {
  const int rank = RankOf(pipeline, opportunity.stage());
  if (rank != kGone && !pipeline.stages(rank).next_stages().empty()) {
    const auto& next = pipeline.stages(rank).next_stages();
    return {next.begin(), next.end()};
  }
  std::vector<std::string> legal;
  for (int i = 0; i < pipeline.stages_size(); ++i) {
    const bool near = rank == kGone || i <= rank + 1;
    if (i != rank && near && IsOpen(pipeline.stages(i))) legal.push_back(pipeline.stages(i).code());
  }
  return legal;
}

bool IsBackwards(const v1::Pipeline& pipeline, std::string_view from, std::string_view to) {
  return RankOf(pipeline, to) < RankOf(pipeline, from);
}

absl::Status CheckMove(const v1::Pipeline& pipeline, const v1::Opportunity& opportunity,
                       const v1::Stage* to) {
  const std::vector<std::string> legal = LegalStages(pipeline, opportunity);
  if (to != nullptr && std::find(legal.begin(), legal.end(), to->code()) != legal.end()) {
    return absl::OkStatus();
  }
  return Error(
             absl::StatusCode::kFailedPrecondition, "STAGE_MOVE_ILLEGAL",
             "the opportunity cannot move there from its stage; `legal_stages` says where it can, "
             "WinOpportunity and LoseOpportunity close it")
      .Meta("stage", opportunity.stage())
      .Meta("legal_stages", absl::StrJoin(legal, ","))
      .Precondition("STAGE_MOVE_LEGAL", opportunity.number(), "move to a legal stage");
}

absl::Status CheckRequiredFields(const v1::Pipeline& pipeline, const v1::Opportunity& entering) {
  const v1::Stage* const stage = FindStage(pipeline, entering.stage());
  if (stage == nullptr) return absl::OkStatus();
  const std::vector<std::string> missing = MissingFields(*stage, entering);
  if (missing.empty()) return absl::OkStatus();
  Error error(absl::StatusCode::kFailedPrecondition, "STAGE_FIELDS_MISSING",
              "the stage needs fields that are not filled");
  for (const std::string& field : missing) {
    std::move(error).Precondition("STAGE_FIELDS", absl::StrCat("opportunity.", field),
                                  "fill it before the opportunity enters the stage");
  }
  return std::move(error)
      .Meta("stage", stage->code())
      .Meta("missing_fields", absl::StrJoin(missing, ","));
}

absl::Status CheckOpen(const v1::Opportunity& opportunity) {
  if (opportunity.stage_kind() == v1::STAGE_KIND_OPEN) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "OPPORTUNITY_CLOSED",
               "the opportunity is closed; a lost one can be reopened")
      .Meta("stage", opportunity.stage())
      .Precondition("OPPORTUNITY_OPEN", opportunity.number(), "reopen it if it was lost");
}

void EnterStage(const v1::Pipeline& pipeline, const v1::Stage& stage, absl::Time enter_time,
                v1::Opportunity& opportunity) {
  opportunity.set_stage(stage.code());
  opportunity.set_stage_kind(stage.kind());
  record::SetTime(enter_time, *opportunity.mutable_stage_enter_time());
  opportunity.set_probability(stage.probability());
  opportunity.clear_proposed_probability();
  opportunity.clear_probability_approval();
  opportunity.clear_probability_proposer();
  opportunity.clear_probability_note();
  opportunity.clear_probability_approver();
  opportunity.clear_probability_approver_for();
  const bool further = IsBackwards(pipeline, stage.code(), opportunity.furthest_stage());
  if (stage.kind() != v1::STAGE_KIND_LOST && further) {
    opportunity.set_furthest_stage(stage.code());
  }
  opportunity.set_committed(IsOpen(stage) && stage.contract());
  const bool approved = opportunity.contract_approval() == v1::APPROVAL_STATUS_APPROVED;
  if (approved || stage.kind() == v1::STAGE_KIND_WON) return;
  if (opportunity.committed()) {
    AskForApproval(pipeline, opportunity);
  } else {
    opportunity.clear_contract_approval();
  }
}

void ReviewContract(const v1::Pipeline& pipeline, const v1::Opportunity& before,
                    v1::Opportunity& after) {
  if (after.contract_approval() == v1::APPROVAL_STATUS_UNSPECIFIED) return;
  const bool decided = after.contract_approval() == v1::APPROVAL_STATUS_APPROVED ||
                       after.contract_approval() == v1::APPROVAL_STATUS_REJECTED;
  const bool other_contract = before.contract_amount() != after.contract_amount() ||
                              before.contract_date() != after.contract_date() ||
                              before.currency() != after.currency();
  const bool other_amount = before.base_amount() != after.base_amount();
  if (!other_contract && (decided || !other_amount)) return;
  if (after.committed()) {
    AskForApproval(pipeline, after);
  } else {
    after.clear_contract_approval();  // asked for when it comes back to the contract stage
  }
}

}  // namespace crm::sales
