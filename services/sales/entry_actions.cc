#include "services/sales/entry_actions.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {

namespace {

// Not before it is made: a move may be recorded long after it was.
absl::Time DueTime(const v1::EntryAction& action, const v1::Opportunity& opportunity,
                   absl::Time now) {
  const absl::Time entered = record::TimeOf(opportunity.stage_enter_time());
  return std::max(now, entered + absl::Hours(24) * action.after_days());
}

}  // namespace

absl::Status RunEntryActions(Sales& sales, server::CallContext& call,
                             const v1::Opportunity& opportunity) {
  const auto pipelines = sales.pipelines.Get();
  const v1::Stage* stage =
      FindStage(sales.PipelineOf(*pipelines, opportunity), opportunity.stage());
  if (stage == nullptr || stage->entry_actions().empty()) return absl::OkStatus();
  for (const v1::EntryAction& action : stage->entry_actions()) {
    v1::Reminder reminder;
    reminder.set_opportunity(opportunity.number());
    record::SetTime(DueTime(action, opportunity, call.now()), *reminder.mutable_due_time());
    reminder.set_assignee_role(action.assignee_role());
    reminder.set_team(opportunity.team());
    reminder.set_text(action.text());
    reminder.set_source(v1::REMINDER_SOURCE_ENTRY_ACTION);
    reminder.set_stage_kind(stage->kind());
    CRM_RETURN_IF_ERROR(
        sales.reminders.Create(call.writes(), std::move(reminder), record::SourceOf(call))
            .status());
  }
  call.AfterCommit([&sales] { sales.WakeTimers(); });
  return absl::OkStatus();
}

}  // namespace crm::sales
