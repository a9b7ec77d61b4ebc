#include "services/sales/entry_actions.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "services/sales/stage_rules.h"

namespace crm::sales {

absl::Status RunEntryActions(Sales& sales, server::CallContext& call,
                             const v1::Opportunity& opportunity) {
  const auto pipelines = sales.pipelines.Get();
  const v1::Stage* stage =
      FindStage(sales.PipelineOf(*pipelines, opportunity), opportunity.stage());
  if (stage == nullptr || stage->entry_actions().empty()) return absl::OkStatus();
  for (const v1::EntryAction& action : stage->entry_actions()) {
    v1::Reminder reminder;
    reminder.set_opportunity(opportunity.number());
    record::SetTime(call.now(), *reminder.mutable_due_time());
    reminder.set_assignee_role(action.assignee_role());
    reminder.set_team(opportunity.team());
    reminder.set_text(action.text());
    reminder.set_source(v1::REMINDER_SOURCE_ENTRY_ACTION);
    CRM_RETURN_IF_ERROR(
        sales.reminders.Create(call.writes(), std::move(reminder), record::SourceOf(call))
            .status());
  }
  call.AfterCommit([&sales] { sales.WakeTimers(); });
  return absl::OkStatus();
}

}  // namespace crm::sales
