#include "services/ticket/escalation_job.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/handover.h"
#include "services/ticket/sla/evaluate.h"
#include "services/ticket/ticket_rules.h"
#include "services/ticket/timers.h"

namespace crm::ticket {
namespace {

constexpr char kManagerRole[] = "service_manager";
constexpr char kNobodyToTakeIt[] =
    "no supervisor is found: back to the team's unassigned tickets / 未找到主管，退回团队待分配";

const db::InsertSpec& EscalationSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "ticket_escalation", {"ticket_id", "rule", "level", "due_time", "time", "target"}, ""};
  return spec;
}

std::string FirstOf(const replica::Staff& staff, std::string_view role) {
  const auto found = staff.WithRole(role);
  return found.empty() ? "" : found.front()->user_id();
}

}  // namespace

job::JobBody EscalationJob::Body() {
  return job::FireTimers(
      TicketTimers(),
      {.pool = desk_.host.pool(),
       .clock = desk_.host.clock(),
       .ids = desk_.host.ids(),
       .committer = desk_.host.committer()},
      {{kTicketTimer, [this](db::Connection& db, const std::vector<job::Timer>& timers,
                             absl::Time now) { return Decide(db, timers, now); }}});
}

job::TimerWork EscalationJob::Decide(db::Connection& db, const std::vector<job::Timer>& timers,
                                     absl::Time now) const {
  job::TimerWork work;
  work.changes.reserve(timers.size());
  for (const job::Timer& timer : timers) {
    absl::StatusOr<db::WriteSet> writes = Escalate(db, timer.subject_id, now);
    if (writes.ok()) {
      work.changes.push_back(*std::move(writes));
    } else {
      work.failure = writes.status();
    }
  }
  return work;
}

absl::StatusOr<db::WriteSet> EscalationJob::Escalate(db::Connection& db, int64_t ticket_id,
                                                     absl::Time now) const {
  db::WriteSet writes;
  CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> ticket, desk_.store.GetById(db, ticket_id));
  if (!ticket.has_value()) {
    TicketTimers().Drop(writes, kTicketTimer, ticket_id);
    return writes;
  }
  CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.WithHistory(db, *std::move(ticket)));
  v1::Ticket after = state.ticket.message;
  TicketEvents fresh;
  for (const Escalation& escalation : PendingEscalations(
           after, state.history, sla::Evaluate(state.history.SlaEvents(), state.Instant(now)))) {
    if (escalation.due > now) break;
    TicketEvents events = Apply(escalation, state, now, after);
    writes.Insert(EscalationSpec(), {ticket_id, escalation.rule, escalation.level, escalation.due,
                                     now, events.front().assignee()});
    fresh.insert(fresh.end(), events.begin(), events.end());
  }
  desk_.changes.Change(writes, state, std::move(after), std::move(fresh),
                       {now, kServiceActor, "job"});
  return writes;
}

TicketEvents EscalationJob::Apply(const Escalation& escalation, const TicketState& before,
                                  absl::Time now, v1::Ticket& ticket) const {
  v1::TicketEvent event = EventOf(v1::TICKET_EVENT_KIND_ESCALATED);
  event.set_rule(escalation.rule);
  event.set_level(escalation.level);
  switch (escalation.action) {
    case EscalationAction::kWarn:
      event.set_assignee(ticket.assignee());
      return {std::move(event)};
    case EscalationAction::kToSupervisor:
      event.set_assignee(SupervisorOf(ticket));
      break;
    case EscalationAction::kToManager:
      event.set_assignee(ManagerOf(ticket));
      break;
    case EscalationAction::kTransfer:
      // Who got it or ended it meanwhile is not relieved.
      if (!IsOpen(ticket.status()) || ticket.assignee() != escalation.holder) {
        event.set_assignee(SupervisorOf(ticket));
        break;
      }
      return Transfer(std::move(event), *before.history.book, ticket);
    case EscalationAction::kClose:
    case EscalationAction::kGiveUpFeedback:
    case EscalationAction::kDueFollowUp:
      return ApplyAfterCare(escalation, ConfigurationOf(before), now, ticket);
  }
  if (!event.assignee().empty()) ticket.set_escalated_to(event.assignee());
  return {std::move(event)};
}

TicketEvents EscalationJob::Transfer(v1::TicketEvent event, const SlaBook& book,
                                     v1::Ticket& ticket) const {
  const auto staff = desk_.archive.staff().Get();
  const std::string target = SupervisorFor(*staff, ticket);
  if (target.empty()) {
    event.set_text(kNobodyToTakeIt);
    ticket.clear_assignee();
    ticket.set_status(v1::TICKET_STATUS_UNASSIGNED);
    return {std::move(event), StatusEvent(ticket.status(), kNobodyToTakeIt)};
  }
  event.set_assignee(target);
  ticket.set_escalated_to(target);
  TicketEvents events = HandOver(*staff, book, target, event.rule(), ticket);
  events.insert(events.begin(), std::move(event));
  return events;
}

std::string EscalationJob::SupervisorOf(const v1::Ticket& ticket) const {
  return SupervisorFor(*desk_.archive.staff().Get(), ticket);
}

std::string EscalationJob::ManagerOf(const v1::Ticket& ticket) const {
  const auto staff = desk_.archive.staff().Get();
  std::string manager = staff->SupervisorOf(SupervisorOf(ticket));
  return manager.empty() ? FirstOf(*staff, kManagerRole) : manager;
}

}  // namespace crm::ticket
