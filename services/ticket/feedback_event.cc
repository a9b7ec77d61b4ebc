#include "services/ticket/feedback_event.h"

#include "common/event/outbox.h"
#include "common/record/times.h"
#include "crm/ticket/v1/after_care_service.pb.h"

namespace crm::ticket {
namespace {

v1::TicketFeedback FeedbackOf(const v1::Ticket& ticket) {
  v1::TicketFeedback feedback;
  feedback.set_ticket(ticket.number());
  feedback.set_customer(ticket.customer());
  feedback.set_contact(ticket.contact());
  feedback.set_subject(ticket.subject());
  feedback.set_type(ticket.type());
  feedback.set_assignee(ticket.assignee());
  return feedback;
}

void Publish(db::WriteSet& writes, const StoredTicket& ticket, const v1::TicketFeedback& feedback,
             const resource::ChangeSource& source) {
  writes.AddEvent(event::MakeEvent({.type = "ticket.feedback",
                                    .subject = ticket.message.number(),
                                    .version = ticket.key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &feedback}));
}

}  // namespace

void PublishFeedback(db::WriteSet& writes, const StoredTicket& ticket, int64_t entry,
                     const resource::ChangeSource& source) {
  v1::TicketFeedback feedback = FeedbackOf(ticket.message);
  feedback.set_satisfaction(ticket.message.satisfaction());
  *feedback.mutable_time() = ticket.message.feedback_time();
  if (!ticket.message.satisfaction_comment().empty()) feedback.set_words_entry(entry);
  Publish(writes, ticket, feedback, source);
}

void PublishFollowUp(db::WriteSet& writes, const StoredTicket& ticket, int64_t entry,
                     const resource::ChangeSource& source) {
  v1::TicketFeedback feedback = FeedbackOf(ticket.message);
  feedback.set_satisfaction(ticket.message.follow_up_satisfaction());
  feedback.set_follow_up(true);
  feedback.set_words_entry(entry);
  if (ticket.message.has_satisfaction_change()) {
    feedback.set_satisfaction_change(ticket.message.satisfaction_change());
  }
  record::SetTime(source.time, *feedback.mutable_time());
  Publish(writes, ticket, feedback, source);
}

int64_t LastEntry(const TicketEvents& events, v1::TicketEventKind kind) {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->kind() == kind) return event->sequence();
  }
  return 0;
}

}  // namespace crm::ticket
