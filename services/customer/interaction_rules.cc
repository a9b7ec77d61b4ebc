#include "services/customer/interaction_rules.h"

#include "services/customer/customer_changes.h"

namespace crm::customer {
namespace {

bool HasNextAction(const v1::Interaction& interaction) {
  return !interaction.next_action().empty() && interaction.next_action() != kNoNextAction;
}

// Declared on the fields too; records that come without a request (imports) are checked here.
void CheckRequired(const RecordContext& context, const v1::Interaction& interaction,
                   RecordCheck& check) {
  check.Require(interaction.has_time(), "time");
  check.Require(!interaction.content().empty(), "content");
  if (!context.from_staff) return;
  check.Require(!interaction.method().empty(), "method");
  check.Require(!interaction.next_action().empty(), "next_action");
}

void CheckNextAction(v1::Interaction& interaction, RecordCheck& check) {
  if (!interaction.has_next_action_due()) return;
  auto& due = *interaction.mutable_next_action_due();
  due.set_nanos(due.nanos() / 1'000 * 1'000);
  if (!HasNextAction(interaction)) {
    check.Add("next_action_due", "DUE_WITHOUT_ACTION", "name the next action, or no due time",
              "有跟进时间时须填写下一步行动");
  } else if (TimeOf(due) < TimeOf(interaction.time())) {
    check.Add("next_action_due", "DUE_BEFORE_INTERACTION", "use a time after the interaction",
              "下次跟进时间不得早于互动时间");
  }
}

void FillFollowUpState(v1::Interaction& interaction) {
  if (interaction.follow_up_state() != v1::FOLLOW_UP_STATE_UNSPECIFIED) return;
  interaction.set_follow_up_state(HasNextAction(interaction) ? v1::FOLLOW_UP_STATE_TO_FOLLOW
                                                             : v1::FOLLOW_UP_STATE_RESOLVED);
}

}  // namespace

absl::Time RecordedAt(const RecordContext& context, const v1::Interaction& interaction) {
  if (!context.imported) return context.source.time;
  return interaction.has_create_time() ? TimeOf(interaction.create_time())
                                       : TimeOf(interaction.time());
}

absl::Status NormalizeInteraction(const RecordContext& context, const ManagedLists& lists,
                                  v1::Interaction& interaction) {
  RecordCheck check(context);
  CheckRequired(context, interaction, check);
  check.ResolveLists(lists, interaction);
  if (interaction.has_time()) check.CheckTime("time", *interaction.mutable_time());
  CheckNextAction(interaction, check);
  if (interaction.staff().empty() && context.from_staff) {
    interaction.set_staff(context.source.actor);
  }
  FillFollowUpState(interaction);
  if (context.imported && interaction.has_create_time()) {
    check.CheckTime("recorded_time", *interaction.mutable_create_time());
  }
  interaction.set_late(RecordedAt(context, interaction) - TimeOf(interaction.time()) > kLateAfter);
  return check.status();
}

absl::Status NormalizeInteractionUpdate(const RecordContext& context, const ManagedLists& lists,
                                        v1::Interaction& interaction) {
  RecordCheck check(context);
  check.ResolveLists(lists, interaction);
  CheckNextAction(interaction, check);
  FillFollowUpState(interaction);
  return check.status();
}

bool PlansFollowUp(const v1::Interaction& interaction) {
  return interaction.has_next_action_due() && HasNextAction(interaction) &&
         interaction.follow_up_state() == v1::FOLLOW_UP_STATE_TO_FOLLOW;
}

}  // namespace crm::customer
