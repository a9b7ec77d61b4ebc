// What comes with a ticket that gets somebody else, another customer or another type: its team and
// its SLA policy (TIC-4, TIC-7). Pure.
#ifndef CRM_SERVICES_TICKET_HANDOVER_H_
#define CRM_SERVICES_TICKET_HANDOVER_H_

#include <string>

#include "common/replica/staff_copy.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sla_book.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

// Puts the ticket under the policy that is for it by what it says now, of the version that it is
// under. The entry of its history; none if it stays under the same one.
TicketEvents FollowPolicy(const SlaBook& book, const std::string& reason, v1::Ticket& ticket);

// Gives the ticket to a user, and to their team. The entries of its history.
TicketEvents HandOver(const replica::Staff& staff, const SlaBook& book, const std::string& assignee,
                      const std::string& reason, v1::Ticket& ticket);

// Whom a ticket is taken to: the assignee's supervisor, else the head of its team, else the first
// service supervisor who is somebody else; only active users. Empty: nobody.
std::string SupervisorFor(const replica::Staff& staff, const v1::Ticket& ticket);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_HANDOVER_H_
