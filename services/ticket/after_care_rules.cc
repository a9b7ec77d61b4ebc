#include "services/ticket/after_care_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/record/times.h"

namespace crm::ticket {
namespace {

constexpr char kClosedByItself[] = "quiet since it was done / 办结后无新动态，自动关闭";

int64_t CountOf(const TicketEvents& events, v1::TicketEventKind kind, v1::TicketStatus status) {
  return std::count_if(events.begin(), events.end(), [=](const v1::TicketEvent& event) {
    return event.kind() == kind && event.status() == status;
  });
}

// Something that somebody did or said, not what falls due by itself.
bool IsActivity(const v1::TicketEvent& event) {
  switch (event.kind()) {
    case v1::TICKET_EVENT_KIND_POLICY_APPLIED:
      return event.actor() != kServiceActor;
    case v1::TICKET_EVENT_KIND_ESCALATED:
    case v1::TICKET_EVENT_KIND_LINKED:
    case v1::TICKET_EVENT_KIND_FEEDBACK_REQUESTED:
    case v1::TICKET_EVENT_KIND_FEEDBACK_UNCONFIRMED:
    case v1::TICKET_EVENT_KIND_FOLLOW_UP_DUE:
      return false;
    default:
      return true;
  }
}

absl::Time QuietSince(const TicketEvents& events) {
  absl::Time last = absl::InfinitePast();
  for (const v1::TicketEvent& event : events) {
    if (IsActivity(event)) last = std::max(last, record::TimeOf(event.time()));
  }
  return last;
}

v1::TicketEvent Ask(absl::Time now, v1::Ticket& ticket) {
  ticket.set_feedback_state(v1::FEEDBACK_STATE_REQUESTED);
  record::SetTime(now, *ticket.mutable_feedback_request_time());
  return EventOf(v1::TICKET_EVENT_KIND_FEEDBACK_REQUESTED);
}

// Whichever of the two answers came last.
void Compare(v1::Ticket& ticket) {
  if (!ticket.has_satisfaction() || !ticket.has_follow_up_satisfaction()) return;
  ticket.set_satisfaction_change(ticket.follow_up_satisfaction() - ticket.satisfaction());
}

v1::AfterCareRules MakeDefault() {
  v1::AfterCareRules rules;
  rules.set_ask_at(v1::FEEDBACK_MOMENT_CLOSED);
  rules.set_answer_hours(24);
  rules.set_low_score(2);
  rules.set_low_score_action(v1::LOW_SCORE_ACTION_REOPEN);
  rules.set_auto_close_hours(72);
  rules.set_reopen_days(7);
  return rules;
}

}  // namespace

v1::AfterCareRules DefaultAfterCare() { return MakeDefault(); }

const v1::AfterCareRules& AfterCareOf(const v1::SlaConfiguration& configuration) {
  static const v1::AfterCareRules& builtin = *new v1::AfterCareRules(MakeDefault());
  return configuration.has_after_care() ? configuration.after_care() : builtin;
}

TicketEvents EnterDone(const v1::SlaConfiguration& configuration, absl::Time now,
                       v1::Ticket& ticket) {
  record::SetTime(now, *ticket.mutable_done_time());
  if (AfterCareOf(configuration).ask_at() != v1::FEEDBACK_MOMENT_DONE) return {};
  return {Ask(now, ticket)};
}

TicketEvents EnterClosed(const v1::SlaConfiguration& configuration, absl::Time now,
                         v1::Ticket& ticket) {
  record::SetTime(now, *ticket.mutable_close_time());
  const int64_t days = configuration.complaint_follow_up_days();
  if (ticket.type() == v1::TICKET_TYPE_COMPLAINT && days > 0) {
    ticket.set_follow_up_state(v1::FOLLOW_UP_STATE_PLANNED);
    ticket.clear_follow_up_satisfaction();
    ticket.clear_satisfaction_change();
    record::SetTime(now + absl::Hours(24 * days), *ticket.mutable_follow_up_time());
  }
  if (AfterCareOf(configuration).ask_at() != v1::FEEDBACK_MOMENT_CLOSED) return {};
  return {Ask(now, ticket)};
}

void EnterReopened(v1::Ticket& ticket) {
  ticket.set_reopen_count(ticket.reopen_count() + 1);
  ticket.clear_done_time();
  ticket.clear_close_time();
  if (ticket.follow_up_state() != v1::FOLLOW_UP_STATE_DONE) {
    ticket.clear_follow_up_state();
    ticket.clear_follow_up_time();
  }
  if (ticket.feedback_state() != v1::FEEDBACK_STATE_ANSWERED) {
    ticket.clear_feedback_state();
    ticket.clear_feedback_request_time();
  }
}

bool IsReopenedInPlace(const v1::AfterCareRules& rules, const v1::Ticket& ticket, absl::Time now) {
  if (ticket.status() != v1::TICKET_STATUS_CLOSED) return true;
  return now <= record::TimeOf(ticket.close_time()) + absl::Hours(24 * rules.reopen_days()) &&
         rules.reopen_days() > 0;
}

void SetFeedback(const v1::RecordFeedbackRequest& request, absl::Time now, v1::Ticket& ticket) {
  ticket.set_feedback_state(v1::FEEDBACK_STATE_ANSWERED);
  ticket.set_satisfaction(request.satisfaction());
  ticket.set_satisfaction_comment(request.comment());
  record::SetTime(now, *ticket.mutable_feedback_time());
  Compare(ticket);
}

void SetFollowUp(const v1::RecordFollowUpRequest& request, v1::Ticket& ticket) {
  ticket.set_follow_up_state(v1::FOLLOW_UP_STATE_DONE);
  ticket.set_follow_up_satisfaction(request.satisfaction());
  Compare(ticket);
}

bool IsLow(const v1::AfterCareRules& rules, int64_t satisfaction) {
  return satisfaction <= rules.low_score();
}

v1::LowScoreAction ActionFor(const v1::AfterCareRules& rules, const v1::Ticket& ticket,
                             int64_t satisfaction) {
  if (!IsLow(rules, satisfaction)) return v1::LOW_SCORE_ACTION_UNSPECIFIED;
  const bool complains = rules.low_score_action() == v1::LOW_SCORE_ACTION_COMPLAINT;
  if (complains && ticket.type() == v1::TICKET_TYPE_COMPLAINT) return v1::LOW_SCORE_ACTION_REOPEN;
  return rules.low_score_action();
}

std::vector<Escalation> PendingAfterCare(const v1::Ticket& ticket, const TicketHistory& history,
                                         const v1::AfterCareRules& rules) {
  const TicketEvents& events = history.events;
  std::vector<Escalation> pending;
  if (ticket.status() == v1::TICKET_STATUS_DONE && rules.auto_close_hours() > 0) {
    const int64_t turn =
        CountOf(events, v1::TICKET_EVENT_KIND_STATUS_CHANGED, v1::TICKET_STATUS_DONE);
    pending.push_back({"auto_close", turn,
                       QuietSince(events) + absl::Hours(rules.auto_close_hours()),
                       EscalationAction::kClose});
  }
  if (ticket.feedback_state() == v1::FEEDBACK_STATE_REQUESTED && rules.answer_hours() > 0) {
    const int64_t turn =
        CountOf(events, v1::TICKET_EVENT_KIND_FEEDBACK_REQUESTED, v1::TICKET_STATUS_UNSPECIFIED);
    pending.push_back(
        {"feedback_unconfirmed", turn,
         record::TimeOf(ticket.feedback_request_time()) + absl::Hours(rules.answer_hours()),
         EscalationAction::kGiveUpFeedback});
  }
  if (ticket.follow_up_state() == v1::FOLLOW_UP_STATE_PLANNED) {
    const int64_t turn =
        CountOf(events, v1::TICKET_EVENT_KIND_STATUS_CHANGED, v1::TICKET_STATUS_CLOSED);
    pending.push_back({"follow_up", turn, record::TimeOf(ticket.follow_up_time()),
                       EscalationAction::kDueFollowUp});
  }
  return pending;
}

TicketEvents ApplyAfterCare(const Escalation& due, const v1::SlaConfiguration& configuration,
                            absl::Time now, v1::Ticket& ticket) {
  switch (due.action) {
    case EscalationAction::kClose: {
      ticket.set_status(v1::TICKET_STATUS_CLOSED);
      ticket.set_last_measure(kClosedByItself);
      TicketEvents events = {StatusEvent(ticket.status(), kClosedByItself)};
      events.back().set_rule(due.rule);
      for (v1::TicketEvent& event : EnterClosed(configuration, now, ticket)) {
        events.push_back(std::move(event));
      }
      return events;
    }
    case EscalationAction::kGiveUpFeedback:
      ticket.set_feedback_state(v1::FEEDBACK_STATE_UNCONFIRMED);
      return {EventOf(v1::TICKET_EVENT_KIND_FEEDBACK_UNCONFIRMED)};
    case EscalationAction::kDueFollowUp:
      ticket.set_follow_up_state(v1::FOLLOW_UP_STATE_DUE);
      return {EventOf(v1::TICKET_EVENT_KIND_FOLLOW_UP_DUE)};
    default:
      return {};
  }
}

}  // namespace crm::ticket
