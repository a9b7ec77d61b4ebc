#include "services/ticket/escalation_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "common/job/steps.h"
#include "common/record/times.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/handover.h"
#include "services/ticket/sla/evaluate.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr char kManagerRole[] = "service_manager";
constexpr char kNobodyToTakeIt[] =
    "no supervisor is found: back to the team's unassigned tickets / 未找到主管，退回团队待分配";

// Together at most 5 s late: the job's interval, and the claim of a replica that has died.
constexpr absl::Duration kClaim = absl::Milliseconds(2500);
constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);
constexpr int kBatch = 200;

constexpr db::Query kClaimDue{"ticket_timers_claim", R"sql(
  UPDATE ticket_timer
  SET claimed_until = ?, claimant = ?
  WHERE due_time <= ? AND claimed_until <= ?
  ORDER BY due_time
  LIMIT ?)sql"};
// The limit ends it at the last claimed one, however many are due behind that.
constexpr db::Query kClaimed{"ticket_timers_claimed", R"sql(
  SELECT ticket_id
  FROM ticket_timer
  WHERE due_time <= ? AND claimant = ?
  ORDER BY due_time
  LIMIT ?)sql"};
constexpr db::Query kNextDue{"ticket_timer_next", R"sql(
  SELECT MIN(due_time)
  FROM ticket_timer
  WHERE due_time > ?)sql"};
constexpr db::Query kForget{"ticket_timer_forget", R"sql(
  DELETE FROM ticket_timer
  WHERE ticket_id = ?)sql"};

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
  const auto step = [this]() -> absl::StatusOr<job::Progress> {
    CRM_ASSIGN_OR_RETURN(const size_t claimed, RunBatch());
    return claimed > 0 ? job::Progress::kMore : job::Progress::kDone;
  };
  return job::InSteps(step, [this] { return NextDue(); });
}

absl::StatusOr<std::vector<int64_t>> EscalationJob::Claim(db::Connection& db,
                                                          absl::Time now) const {
  const std::string claimant = absl::StrCat(desk_.host.ids().Next());
  CRM_ASSIGN_OR_RETURN(const int64_t claimed,
                       db.Execute(kClaimDue, {now + kClaim, claimant, now, now, kBatch}));
  std::vector<int64_t> tickets;
  if (claimed == 0) return tickets;
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kClaimed, {now, claimant, claimed}));
  while (rows.Next()) tickets.push_back(rows.Int(0));
  return tickets;
}

absl::StatusOr<size_t> EscalationJob::RunBatch() {
  const absl::Time now = desk_.host.clock().Now();
  std::vector<int64_t> tickets;
  std::vector<db::WriteSet> changes;
  // One that cannot be read must not hold up the others.
  absl::Status unreadable;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                         desk_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
    CRM_ASSIGN_OR_RETURN(tickets, Claim(*db, now));
    changes.reserve(tickets.size());
    for (const int64_t ticket : tickets) {
      absl::StatusOr<db::WriteSet> writes = Escalate(*db, ticket, now);
      if (writes.ok()) {
        changes.push_back(*std::move(writes));
      } else {
        unreadable = writes.status();
      }
    }
  }
  CRM_RETURN_IF_ERROR(
      db::CommitEach(desk_.host.committer(), std::move(changes), absl::Now() + kDatabaseTimeout)
          .status());
  CRM_RETURN_IF_ERROR(unreadable);
  return tickets.size();
}

absl::StatusOr<absl::Time> EscalationJob::NextDue() const {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                       desk_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db->Select(kNextDue, {desk_.host.clock().Now()}));
  if (!rows.Next() || rows.IsNull(0)) return absl::InfiniteFuture();
  return rows.Time(0);
}

absl::StatusOr<db::WriteSet> EscalationJob::Escalate(db::Connection& db, int64_t ticket_id,
                                                     absl::Time now) const {
  db::WriteSet writes;
  CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> ticket, desk_.store.GetById(db, ticket_id));
  if (!ticket.has_value()) {
    writes.Execute(kForget, {ticket_id});
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
