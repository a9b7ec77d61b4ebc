// `crmctl ticket sla`: the clocks of a ticket, and what adds up to the due time of one (TIC-15).
#ifndef CRM_TOOLS_CRMCTL_TICKET_SLA_COMMAND_H_
#define CRM_TOOLS_CRMCTL_TICKET_SLA_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddTicketSlaCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TICKET_SLA_COMMAND_H_
