// Who gets a new ticket (TIC-7). Pure.
#ifndef CRM_SERVICES_TICKET_ASSIGNMENT_RULES_H_
#define CRM_SERVICES_TICKET_ASSIGNMENT_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crm/ticket/v1/sla.pb.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::ticket {

// Somebody who is active and may work on tickets.
struct Candidate {
  std::string user_id;
  std::string team;
  std::vector<std::string> skills;
  int64_t capacity = 0;
  int64_t open_tickets = 0;
};

struct Choice {
  std::string user_id;
  std::string team;
  // For the ticket's history.
  std::string reason;
};

// Among those with the skill for the ticket's type, of its team if it has one,
// with room: a senior one first for key and strategic customers, then who has
// the least to do for their capacity. An urgent ticket goes to somebody without
// room rather than to nobody. Nothing: nobody is eligible.
std::optional<Choice> ChooseAgent(const v1::AssignmentRules& rules, const v1::Ticket& ticket,
                                  const std::vector<Candidate>& candidates);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_ASSIGNMENT_RULES_H_
