#include "services/ticket/queue_rules.h"

#include "common/filter/in_scope.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

filter::Fragment OpenCondition() {
  filter::Fragment open;
  const auto* statuses = v1::TicketStatus_descriptor();
  for (int i = 0; i < statuses->value_count(); ++i) {
    const int status = statuses->value(i)->number();
    if (status == v1::TICKET_STATUS_UNSPECIFIED || !IsOpen(static_cast<v1::TicketStatus>(status))) {
      continue;
    }
    open.Append(open.empty() ? "status IN (?" : ", ?", status);
  }
  open.Append(")");
  return open;
}

}  // namespace

bool QueueSelection::Has(const v1::Ticket& ticket) const {
  if (!IsOpen(ticket.status()) || !filter::InScope(ticket, scope)) return false;
  if (!team.empty() && ticket.team() != team) return false;
  if (!assignee.empty() && ticket.assignee() != assignee) return false;
  switch (view) {
    case v1::QUEUE_VIEW_MINE:
      return !user.empty() && ticket.assignee() == user;
    case v1::QUEUE_VIEW_UNASSIGNED:
      return ticket.assignee().empty();
    case v1::QUEUE_VIEW_ESCALATED:
      return !user.empty() && ticket.escalated_to() == user;
    default:
      return true;
  }
}

filter::Fragment QueueSelection::Condition() const {
  filter::Fragment condition = OpenCondition();
  if (!team.empty()) condition.And({"team = ?", {team}});
  if (!assignee.empty()) condition.And({"assignee = ?", {assignee}});
  if (view == v1::QUEUE_VIEW_MINE) condition.And({"assignee = ?", {user}});
  if (view == v1::QUEUE_VIEW_UNASSIGNED) condition.And({"assignee IS NULL", {}});
  if (view == v1::QUEUE_VIEW_ESCALATED) condition.And({"escalated_to = ?", {user}});
  return condition;
}

v1::Ticket BeforeChange(v1::Ticket after, const crm::types::v1::ChangeList& changes) {
  for (const auto& change : changes.changes()) {
    if (change.field() == "assignee") after.set_assignee(change.old_value());
    if (change.field() == "team") after.set_team(change.old_value());
    if (change.field() == "escalated_to") after.set_escalated_to(change.old_value());
    v1::TicketStatus status;
    if (change.field() == "status" && v1::TicketStatus_Parse(change.old_value(), &status)) {
      after.set_status(status);
    }
  }
  return after;
}

}  // namespace crm::ticket
