// The history of a ticket as its clocks and escalations look at it (TIC-6, TIC-8). Pure.
#ifndef CRM_SERVICES_TICKET_TICKET_HISTORY_H_
#define CRM_SERVICES_TICKET_TICKET_HISTORY_H_

#include <vector>

#include "absl/time/time.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "crm/ticket/v1/ticket_event.pb.h"
#include "services/ticket/sla/history.h"
#include "services/ticket/sla_book.h"

namespace crm::ticket {

// Who does what falls due by itself.
inline constexpr char kServiceActor[] = "crm-ticket";

// In the order of their sequence; texts may be left out.
using TicketEvents = std::vector<v1::TicketEvent>;

// Messages before that are unknown: it was imported without any.
absl::Time ToldFrom(const TicketEvents& events);

struct TicketHistory {
  TicketEvents events;
  // Has every version that the events name.
  SlaBookPtr book;

  // For the engine; refers to policies of the book.
  std::vector<sla::Event> SlaEvents() const;
  // The newest version that they name.
  int64_t newest_version() const;
  absl::Time ToldFrom() const { return ticket::ToldFrom(events); }
};

// Entries for a ticket's history; the rest is filled in when they are written.
v1::TicketEvent EventOf(v1::TicketEventKind kind, std::string text = "");
v1::TicketEvent OpenedEvent(const v1::Ticket& ticket);
v1::TicketEvent AssignedEvent(const std::string& assignee, const std::string& reason);
v1::TicketEvent StatusEvent(v1::TicketStatus status, const std::string& measure);
v1::TicketEvent PolicyEvent(const v1::Ticket& ticket, const std::string& reason);
// Of a kind that concerns another ticket.
v1::TicketEvent OtherTicketEvent(v1::TicketEventKind kind, const std::string& other_ticket,
                                 const std::string& reason);

// Where the ticket stood by its own moves: also while it is merged into another.
v1::TicketStatus StatusOf(const TicketEvents& events);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_HISTORY_H_
