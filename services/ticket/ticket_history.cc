#include "services/ticket/ticket_history.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/record/times.h"
#include "services/ticket/sla_terms.h"

namespace crm::ticket {
namespace {

// Nothing for entries that no clock looks at.
std::optional<sla::EventKind> KindOf(v1::TicketEventKind kind) {
  switch (kind) {
    case v1::TICKET_EVENT_KIND_OPENED:
      return sla::EventKind::kOpened;
    case v1::TICKET_EVENT_KIND_ASSIGNED:
      return sla::EventKind::kAssigned;
    case v1::TICKET_EVENT_KIND_STATUS_CHANGED:
      return sla::EventKind::kStatusChanged;
    case v1::TICKET_EVENT_KIND_AGENT_REPLIED:
      return sla::EventKind::kAgentReplied;
    case v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED:
      return sla::EventKind::kCustomerReplied;
    case v1::TICKET_EVENT_KIND_ARRIVED_ON_SITE:
      return sla::EventKind::kArrivedOnSite;
    case v1::TICKET_EVENT_KIND_POLICY_APPLIED:
      return sla::EventKind::kPolicyApplied;
    case v1::TICKET_EVENT_KIND_MERGED:
      return sla::EventKind::kMerged;
    case v1::TICKET_EVENT_KIND_UNMERGED:
      return sla::EventKind::kUnmerged;
    case v1::TICKET_EVENT_KIND_SPLIT:
      return sla::EventKind::kSplit;
    default:
      return std::nullopt;
  }
}

bool IsMessage(v1::TicketEventKind kind) {
  return kind == v1::TICKET_EVENT_KIND_AGENT_REPLIED ||
         kind == v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED || kind == v1::TICKET_EVENT_KIND_NOTED ||
         kind == v1::TICKET_EVENT_KIND_ARRIVED_ON_SITE;
}

void SetPolicy(const v1::Ticket& ticket, v1::TicketEvent& event) {
  event.set_priority(ticket.priority());
  event.set_sla_version(ticket.sla_version());
  event.set_sla_policy(ticket.sla_policy());
}

}  // namespace

std::vector<sla::Event> TicketHistory::SlaEvents() const {
  std::vector<sla::Event> found;
  found.reserve(events.size());
  for (const v1::TicketEvent& event : events) {
    const auto kind = KindOf(event.kind());
    if (!kind.has_value()) continue;
    sla::Event& out = found.emplace_back();
    out.time = record::TimeOf(event.time());
    out.sequence = event.sequence();
    out.kind = *kind;
    if (event.status() != v1::TICKET_STATUS_UNSPECIFIED) out.status = ToSla(event.status());
    if (event.sla_version() > 0) {
      out.policy = book->Find(event.sla_version(), event.sla_policy(), event.priority());
    }
  }
  return found;
}

int64_t TicketHistory::newest_version() const {
  int64_t newest = 1;
  for (const v1::TicketEvent& event : events) newest = std::max(newest, event.sla_version());
  return newest;
}

absl::Time ToldFrom(const TicketEvents& events) {
  for (const v1::TicketEvent& event : events) {
    if (IsMessage(event.kind())) break;
    if (event.kind() == v1::TICKET_EVENT_KIND_IMPORTED) return record::TimeOf(event.time());
  }
  return absl::InfinitePast();
}

v1::TicketEvent EventOf(v1::TicketEventKind kind, std::string text) {
  v1::TicketEvent event;
  event.set_kind(kind);
  event.set_text(std::move(text));
  return event;
}

v1::TicketEvent OpenedEvent(const v1::Ticket& ticket) {
  v1::TicketEvent event = EventOf(v1::TICKET_EVENT_KIND_OPENED);
  event.set_status(ticket.status());
  SetPolicy(ticket, event);
  return event;
}

v1::TicketEvent AssignedEvent(const std::string& assignee, const std::string& reason) {
  v1::TicketEvent event = EventOf(v1::TICKET_EVENT_KIND_ASSIGNED, reason);
  event.set_assignee(assignee);
  return event;
}

v1::TicketEvent StatusEvent(v1::TicketStatus status, const std::string& measure) {
  v1::TicketEvent event = EventOf(v1::TICKET_EVENT_KIND_STATUS_CHANGED, measure);
  event.set_status(status);
  return event;
}

v1::TicketEvent PolicyEvent(const v1::Ticket& ticket, const std::string& reason) {
  v1::TicketEvent event = EventOf(v1::TICKET_EVENT_KIND_POLICY_APPLIED, reason);
  SetPolicy(ticket, event);
  return event;
}

v1::TicketEvent OtherTicketEvent(v1::TicketEventKind kind, const std::string& other_ticket,
                                 const std::string& reason) {
  v1::TicketEvent event = EventOf(kind, reason);
  event.set_other_ticket(other_ticket);
  return event;
}

v1::TicketStatus StatusOf(const TicketEvents& events) {
  v1::TicketStatus status = v1::TICKET_STATUS_UNASSIGNED;
  for (const v1::TicketEvent& event : events) {
    if (event.status() != v1::TICKET_STATUS_UNSPECIFIED) status = event.status();
  }
  return status;
}

}  // namespace crm::ticket
