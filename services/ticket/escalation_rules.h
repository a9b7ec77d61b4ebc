// What falls due on a ticket by itself, and when: escalations (TIC-8), and what comes after it is
// done (after_care_rules.h). Pure: told from the ticket's history alone. Each escalation is decided
// by what had happened when it was due, by the rules of the version that the ticket was under then;
// so it makes no difference when somebody looks, and nothing that happens later takes it back.
#ifndef CRM_SERVICES_TICKET_ESCALATION_RULES_H_
#define CRM_SERVICES_TICKET_ESCALATION_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sla/evaluate.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

enum class EscalationAction {
  kWarn,          // noted only
  kToSupervisor,  // the supervisor is told; the assignee stays
  kToManager,
  kTransfer,  // the supervisor takes over
  // Of after-care: no escalations.
  kClose,
  kGiveUpFeedback,
  kDueFollowUp,
};

struct Escalation {
  // `unassigned`, `urgent_idle`, `auto_close`, `feedback_unconfirmed`, `follow_up`,
  // `<clock>_warning`, `<clock>_breach`; of a later turn of a clock with its number:
  // `next_response_breach:2`. Rule and level are unique in a ticket.
  std::string rule = {};
  int64_t level = 1;
  absl::Time due = {};
  EscalationAction action = EscalationAction::kWarn;
  // Of a transfer: whose ticket it was then.
  std::string holder = {};
};

// Those that the history does not have yet, as it will be if nothing more happens, in the order of
// their due times.
//
// - A ticket that was taken, or a clock that ended, after its due time still comes to the
//   escalation: late is late.
// - A clock that stands still (the customer's turn, done, merged) comes to nothing meanwhile. What
//   it would have come to is due when it runs again, and that time does not count for the manager.
// - A policy or priority that comes later escalates nothing before it came.
// - While a ticket is merged into another, there is nothing; afterwards comes what was due before,
//   and people have all of their time anew.
// - Of a history that was imported: nothing that was due before the import.
std::vector<Escalation> PendingEscalations(const v1::Ticket& ticket, const TicketHistory& history,
                                           const sla::Evaluation& evaluation);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_ESCALATION_RULES_H_
