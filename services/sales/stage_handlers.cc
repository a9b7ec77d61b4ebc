#include "services/sales/stage_handlers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/record/times.h"
#include "services/sales/closing_rules.h"
#include "services/sales/entry_actions.h"
#include "services/sales/stage_rules.h"
#include "services/sales/time_rules.h"

namespace crm::sales {
namespace {

// When the next stage was entered: as the request says.
template <typename Request>
absl::StatusOr<absl::Time> EnterTimeOf(const server::CallContext& call, const Request& request,
                                       const v1::Opportunity& before) {
  return EnterTime(call.now(), request.has_enter_time() ? &request.enter_time() : nullptr,
                   record::TimeOf(before.stage_enter_time()), "enter_time");
}

template <typename Request>
absl::StatusOr<absl::Time> CloseTimeOf(const server::CallContext& call, const Request& request,
                                       const v1::Opportunity& before) {
  return EnterTime(call.now(), request.has_close_time() ? &request.close_time() : nullptr,
                   record::TimeOf(before.stage_enter_time()), "close_time");
}

}  // namespace

void StageHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::AdvanceStageRequest, v1::Opportunity>("AdvanceStage",
                                                        bind(&StageHandlers::Advance));
  table.Unary<v1::MoveStageRequest, v1::Opportunity>("MoveStage", bind(&StageHandlers::Move));
  table.Unary<v1::GetStageHistoryRequest, v1::StageHistory>("GetStageHistory",
                                                            bind(&StageHandlers::History));
  table.Unary<v1::WinOpportunityRequest, v1::Opportunity>("WinOpportunity",
                                                          bind(&StageHandlers::Win));
  table.Unary<v1::LoseOpportunityRequest, v1::Opportunity>("LoseOpportunity",
                                                           bind(&StageHandlers::Lose));
  table.Unary<v1::ReopenOpportunityRequest, v1::Opportunity>("ReopenOpportunity",
                                                             bind(&StageHandlers::Reopen));
}

absl::StatusOr<StoredOpportunity> StageHandlers::Save(CallContext& call,
                                                      const StoredOpportunity& before,
                                                      v1::Opportunity after, bool backwards,
                                                      const std::string& reason) {
  const auto pipelines = sales_.pipelines.Get();
  CRM_RETURN_IF_ERROR(CheckRequiredFields(sales_.PipelineOf(*pipelines, after), after));
  const resource::ChangeSource source = record::SourceOf(call);
  StoredOpportunity saved = sales_.ChangeBy(call, before, std::move(after));
  sales_.history.Add(call.writes(), saved.message,
                     {.opportunity_id = saved.key.id,
                      .from_stage = before.message.stage(),
                      .backwards = backwards,
                      .reason = reason},
                     source);
  CRM_RETURN_IF_ERROR(RunEntryActions(sales_, call, saved.message));
  return saved;
}

absl::StatusOr<v1::Opportunity> StageHandlers::Advance(CallContext& call,
                                                       const v1::AdvanceStageRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  const auto pipelines = sales_.pipelines.Get();
  const v1::Pipeline& pipeline = sales_.PipelineOf(*pipelines, before.message);
  const v1::Stage* stage = NextStage(pipeline, before.message.stage());
  CRM_RETURN_IF_ERROR(CheckMove(pipeline, before.message, stage));
  CRM_ASSIGN_OR_RETURN(const absl::Time time, EnterTimeOf(call, request, before.message));
  v1::Opportunity after = before.message;
  EnterStage(pipeline, *stage, time, after);
  CRM_ASSIGN_OR_RETURN(StoredOpportunity saved, Save(call, before, std::move(after), false, ""));
  return std::move(saved.message);
}

absl::StatusOr<v1::Opportunity> StageHandlers::Move(CallContext& call,
                                                    const v1::MoveStageRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  const auto pipelines = sales_.pipelines.Get();
  const v1::Pipeline& pipeline = sales_.PipelineOf(*pipelines, before.message);
  const v1::Stage* stage = FindStage(pipeline, request.stage());
  CRM_RETURN_IF_ERROR(CheckMove(pipeline, before.message, stage));
  const bool backwards = IsBackwards(pipeline, before.message.stage(), stage->code());
  if (backwards && request.reason().empty()) {
    return InvalidField("reason", "REASON_REQUIRED", "say why the opportunity steps back");
  }
  CRM_ASSIGN_OR_RETURN(const absl::Time time, EnterTimeOf(call, request, before.message));
  v1::Opportunity after = before.message;
  EnterStage(pipeline, *stage, time, after);
  CRM_ASSIGN_OR_RETURN(StoredOpportunity saved,
                       Save(call, before, std::move(after), backwards, request.reason()));
  return std::move(saved.message);
}

absl::StatusOr<v1::StageHistory> StageHandlers::History(CallContext& call,
                                                        const v1::GetStageHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity found, sales_.Get(call, request.opportunity()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(std::vector<v1::StageMove> moves, sales_.history.Read(*db, found.key.id));
  v1::StageHistory history;
  if (absl::CivilDay day; absl::ParseCivilTime(request.date(), &day)) {
    history.set_stage_on_date(StageOn(moves, day, sales_.zone));
  }
  for (v1::StageMove& move : moves) {
    FillDwell(sales_.zone, std::max(call.now(), record::TimeOf(move.enter_time())), move);
    *history.add_moves() = std::move(move);
  }
  return history;
}

absl::StatusOr<v1::Opportunity> StageHandlers::Win(CallContext& call,
                                                   const v1::WinOpportunityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  const auto pipelines = sales_.pipelines.Get();
  const v1::Pipeline& pipeline = sales_.PipelineOf(*pipelines, before.message);
  CRM_RETURN_IF_ERROR(CheckWinnable(pipeline, before.message));
  CRM_ASSIGN_OR_RETURN(const absl::Time time, CloseTimeOf(call, request, before.message));
  v1::Opportunity after = before.message;
  CRM_RETURN_IF_ERROR(MakeWon(pipeline, time, request, after));
  CRM_ASSIGN_OR_RETURN(StoredOpportunity won,
                       Save(call, before, std::move(after), false, request.note()));
  call.writes().AddEvent(event::MakeEvent({.type = "opportunity.won",
                                           .subject = won.message.number(),
                                           .version = won.key.version,
                                           .time = call.now(),
                                           .actor = call.caller().id,
                                           .payload = &won.message}));
  return std::move(won.message);
}

absl::StatusOr<v1::Opportunity> StageHandlers::Lose(CallContext& call,
                                                    const v1::LoseOpportunityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  CRM_ASSIGN_OR_RETURN(const absl::Time time, CloseTimeOf(call, request, before.message));
  const auto pipelines = sales_.pipelines.Get();
  v1::Opportunity after = before.message;
  MakeLost(sales_.PipelineOf(*pipelines, after), time, request, after);
  CRM_ASSIGN_OR_RETURN(StoredOpportunity lost,
                       Save(call, before, std::move(after), false, request.note()));
  return std::move(lost.message);
}

absl::StatusOr<v1::Opportunity> StageHandlers::Reopen(CallContext& call,
                                                      const v1::ReopenOpportunityRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredOpportunity before, sales_.Get(call, request.opportunity()));
  CRM_RETURN_IF_ERROR(CheckLost(before.message));
  const auto pipelines = sales_.pipelines.Get();
  v1::Opportunity after = before.message;
  const absl::Time time = std::max(call.now(), record::TimeOf(after.stage_enter_time()));
  MakeOpen(sales_.PipelineOf(*pipelines, after), time, after);
  CRM_ASSIGN_OR_RETURN(StoredOpportunity open,
                       Save(call, before, std::move(after), true, request.reason()));
  return std::move(open.message);
}

}  // namespace crm::sales
