#include "services/ticket/after_care_handlers.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/feedback_event.h"
#include "services/ticket/opening.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr char kDissatisfied[] = "the customer is not satisfied / 客户不满意";

absl::Status Refused(std::string_view reason, std::string_view message, const v1::Ticket& ticket) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message)
      .Resource(kTicketType, ticket.number());
}

v1::TicketEvent AnswerEvent(v1::TicketEventKind kind, int64_t satisfaction,
                            const std::string& text) {
  v1::TicketEvent event = EventOf(kind, text);
  event.set_satisfaction(satisfaction);
  return event;
}

// The first one that a change adds to its history.
int64_t NextEntry(const TicketState& before) { return before.ticket.message.event_count() + 1; }

}  // namespace

void AfterCareHandlers::Register(server::MethodTable& table) {
  table.Unary<v1::RecordFeedbackRequest, v1::Ticket>(
      "RecordFeedback",
      [this](auto& call, const auto& request) { return RecordFeedback(call, request); });
  table.Unary<v1::RecordFollowUpRequest, v1::Ticket>(
      "RecordFollowUp",
      [this](auto& call, const auto& request) { return RecordFollowUp(call, request); });
}

absl::StatusOr<v1::Ticket> AfterCareHandlers::RecordFeedback(
    CallContext& call, const v1::RecordFeedbackRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before, desk_.ReadSurvivor(call, request.ticket()));
  v1::Ticket after = before.ticket.message;
  if (after.feedback_state() == v1::FEEDBACK_STATE_UNSPECIFIED) {
    return Refused("FEEDBACK_NOT_REQUESTED", "the customer has not been asked", after);
  }
  if (after.feedback_state() == v1::FEEDBACK_STATE_ANSWERED) {
    const bool is_same = after.satisfaction() == request.satisfaction() &&
                         after.satisfaction_comment() == request.comment();
    if (is_same) return after;
    return Refused("FEEDBACK_ANSWERED", "the customer has answered already", after);
  }
  SetFeedback(request, call.now(), after);
  TicketEvents events = {AnswerEvent(v1::TICKET_EVENT_KIND_FEEDBACK_ANSWERED,
                                     request.satisfaction(), request.comment())};
  const v1::AfterCareRules& rules = AfterCareOf(ConfigurationOf(before));
  const v1::LowScoreAction action = ActionFor(rules, after, request.satisfaction());
  CRM_ASSIGN_OR_RETURN(TicketEvents mending, Mend(call, action, request, before, after));
  for (v1::TicketEvent& event : mending) events.push_back(std::move(event));
  StoredTicket changed = desk_.changes.Change(call.writes(), before, std::move(after),
                                              std::move(events), record::SourceOf(call));
  PublishFeedback(call.writes(), changed, NextEntry(before), record::SourceOf(call));
  return std::move(changed.message);
}

absl::StatusOr<TicketEvents> AfterCareHandlers::Mend(CallContext& call, v1::LowScoreAction action,
                                                     const v1::RecordFeedbackRequest& request,
                                                     const TicketState& before,
                                                     v1::Ticket& ticket) {
  const std::string words = request.comment().empty() ? absl::StrCat("satisfaction / 满意度 ",
                                                                     request.satisfaction(), "/5")
                                                      : request.comment();
  if (action == v1::LOW_SCORE_ACTION_REOPEN) {
    if (!IsReopenedInPlace(AfterCareOf(ConfigurationOf(before)), ticket, call.now())) {
      CRM_ASSIGN_OR_RETURN(Continuation next,
                           Opening(desk_).Continue(call, before, words, kDissatisfied));
      return std::move(next.events);
    }
    ticket.set_status(v1::TICKET_STATUS_IN_PROGRESS);
    ticket.set_last_measure(kDissatisfied);
    EnterReopened(ticket);
    return TicketEvents{StatusEvent(ticket.status(), kDissatisfied)};
  }
  if (action != v1::LOW_SCORE_ACTION_COMPLAINT) return TicketEvents();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::Ticket complaint = Related(ticket, v1::TICKET_LINK_KIND_COMPLAINT_ABOUT);
  complaint.set_type(v1::TICKET_TYPE_COMPLAINT);
  complaint.set_description(words);
  CRM_ASSIGN_OR_RETURN(const StoredTicket opened,
                       Opening(desk_).Open(call, *db, std::move(complaint)));
  return TicketEvents{
      OtherTicketEvent(v1::TICKET_EVENT_KIND_CONTINUED, opened.message.number(), kDissatisfied)};
}

absl::StatusOr<v1::Ticket> AfterCareHandlers::RecordFollowUp(
    CallContext& call, const v1::RecordFollowUpRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before, desk_.Read(call, request.ticket()));
  v1::Ticket after = before.ticket.message;
  switch (after.follow_up_state()) {
    case v1::FOLLOW_UP_STATE_PLANNED:
    case v1::FOLLOW_UP_STATE_DUE:
      break;
    case v1::FOLLOW_UP_STATE_DONE:
      if (after.follow_up_satisfaction() == request.satisfaction()) return after;
      return Refused("FOLLOW_UP_DONE", "the customer has been asked again already", after);
    default:
      return Refused("FOLLOW_UP_NOT_PLANNED", "no follow-up is planned for the ticket", after);
  }
  SetFollowUp(request, after);
  StoredTicket changed = desk_.changes.Change(
      call.writes(), before, std::move(after),
      {AnswerEvent(v1::TICKET_EVENT_KIND_FOLLOWED_UP, request.satisfaction(), request.text())},
      record::SourceOf(call));
  PublishFollowUp(call.writes(), changed, NextEntry(before), record::SourceOf(call));
  return std::move(changed.message);
}

}  // namespace crm::ticket
