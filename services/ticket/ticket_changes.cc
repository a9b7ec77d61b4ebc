#include "services/ticket/ticket_changes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/record/times.h"
#include "services/ticket/escalation_rules.h"
#include "services/ticket/ticket_facts.h"
#include "services/ticket/timers.h"

namespace crm::ticket {

absl::Time TicketState::Instant(absl::Time now) const {
  return std::max(now, record::TimeOf(ticket.message.update_time()));
}

const v1::SlaConfiguration& ConfigurationOf(const TicketState& state) {
  const SlaBook& book = *state.history.book;
  const SlaVersion* version = book.Find(state.ticket.message.sla_version());
  return (version == nullptr ? book.newest() : *version).sla.configuration();
}

void TicketChanges::Place(TicketEvents& events, int64_t first,
                          const resource::ChangeSource& source) {
  for (v1::TicketEvent& event : events) {
    event.set_sequence(first++);
    event.set_actor(source.actor);
    record::SetTime(source.time, *event.mutable_time());
  }
}

TicketChanges::Measures TicketChanges::Measure(const TicketHistory& history, absl::Time now,
                                               v1::Ticket& ticket) {
  const sla::Evaluation evaluation = sla::Evaluate(history.SlaEvents(), now);
  const std::optional<absl::Time> due = sla::EarliestDue(evaluation);
  if (due.has_value()) {
    record::SetTime(*due, *ticket.mutable_due_time());
  } else {
    ticket.clear_due_time();
  }
  Measures measures{ClockRowsOf(ticket, evaluation, history.ToldFrom()), std::nullopt};
  const std::vector<Escalation> pending = PendingEscalations(ticket, history, evaluation);
  if (!pending.empty()) measures.timer = pending.front().due;
  return measures;
}

void TicketChanges::Rederive(db::WriteSet& writes, const TicketState& state,
                             const DerivedRows& stored, absl::Time now) const {
  const int64_t id = state.ticket.key.id;
  const TicketHistory& history = state.history;
  const sla::Evaluation last =
      sla::Evaluate(history.SlaEvents(), record::TimeOf(state.ticket.message.update_time()));
  const std::vector<ClockRow> clocks = ClockRowsOf(state.ticket.message, last, history.ToldFrom());
  SumChanges changes(writes, store_.ids(), now);
  WriteClockRows(writes, id, stored.clocks, clocks, changes);
  WriteFacts(writes, id, stored.facts, FactRowsOf(state.ticket.message, history.events), changes);
}

void TicketChanges::SetTimer(db::WriteSet& writes, int64_t ticket_id,
                             std::optional<absl::Time> due) {
  if (!due.has_value()) return;
  TicketTimers().Set(writes, {kTicketTimer, ticket_id, *due});
}

void TicketChanges::ClearTimer(db::WriteSet& writes, int64_t ticket_id) {
  TicketTimers().Drop(writes, kTicketTimer, ticket_id);
}

StoredTicket TicketChanges::Create(db::WriteSet& writes, v1::Ticket ticket, TicketHistory history,
                                   const resource::ChangeSource& source) const {
  Place(history.events, 1, source);
  ticket.set_event_count(static_cast<int64_t>(history.events.size()));
  const Measures measures = Measure(history, source.time, ticket);
  StoredTicket created{{}, std::move(ticket)};
  created.key = store_.tickets().Create(writes, created.message, source);
  WriteHistory(writes, created, history.events, measures, source.time);
  return created;
}

void TicketChanges::WriteHistory(db::WriteSet& writes, const StoredTicket& ticket,
                                 const TicketEvents& events, const Measures& measures,
                                 absl::Time now) const {
  const int64_t id = ticket.key.id;
  for (const v1::TicketEvent& event : events) store_.AddEvent(writes, id, event);
  SumChanges changes(writes, store_.ids(), now);
  WriteClockRows(writes, id, {}, measures.clocks, changes);
  WriteFacts(writes, id, {}, FactRowsOf(ticket.message, events), changes);
  SetTimer(writes, id, measures.timer);
}

StoredTicket TicketChanges::Import(db::WriteSet& writes, v1::Ticket ticket, TicketHistory history,
                                   const resource::ChangeSource& source) const {
  int64_t sequence = 0;
  for (v1::TicketEvent& event : history.events) {
    event.set_sequence(++sequence);
    if (event.actor().empty()) event.set_actor(source.actor);
  }
  ticket.set_event_count(sequence);
  const Measures measures = Measure(history, source.time, ticket);
  StoredTicket imported{{}, std::move(ticket)};
  imported.key = store_.Import(writes, imported.message, source);
  WriteHistory(writes, imported, history.events, measures, source.time);
  return imported;
}

StoredTicket TicketChanges::Change(db::WriteSet& writes, const TicketState& before,
                                   v1::Ticket after, TicketEvents fresh,
                                   resource::ChangeSource source) const {
  const StoredTicket& ticket = before.ticket;
  // Clocks of replicas differ; the entries of one ticket do not go back in time.
  source.time =
      std::max(source.time, record::TimeOf(ticket.message.update_time()) + absl::Microseconds(1));
  Place(fresh, ticket.message.event_count() + 1, source);
  after.set_event_count(ticket.message.event_count() + static_cast<int64_t>(fresh.size()));
  TicketHistory history = before.history;
  history.events.insert(history.events.end(), fresh.begin(), fresh.end());
  const Measures measures = Measure(history, source.time, after);
  StoredTicket changed{ticket.key, std::move(after)};
  changed.key =
      store_.tickets().Change(writes, ticket.key, ticket.message, changed.message, source);
  // A timer must not be set by what somebody else has changed meanwhile.
  if (changed.key.version == ticket.key.version) TicketStore::ExpectUnchanged(writes, ticket);
  for (const v1::TicketEvent& event : fresh) store_.AddEvent(writes, ticket.key.id, event);
  const sla::Evaluation last =
      sla::Evaluate(before.history.SlaEvents(), record::TimeOf(ticket.message.update_time()));
  SumChanges changes(writes, store_.ids(), source.time);
  WriteClockRows(writes, ticket.key.id,
                 ClockRowsOf(ticket.message, last, before.history.ToldFrom()), measures.clocks,
                 changes);
  WriteFacts(writes, ticket.key.id, FactRowsOf(ticket.message, before.history.events),
             FactRowsOf(changed.message, history.events), changes);
  if (measures.timer.has_value()) {
    SetTimer(writes, ticket.key.id, measures.timer);
  } else {
    ClearTimer(writes, ticket.key.id);
  }
  return changed;
}

}  // namespace crm::ticket
