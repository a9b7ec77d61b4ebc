// The commands of the ticket service that are one RPC each.
#ifndef CRM_TOOLS_CRMCTL_TICKET_COMMANDS_H_
#define CRM_TOOLS_CRMCTL_TICKET_COMMANDS_H_

#include <vector>

#include "tools/crmctl/command_spec.h"

namespace crm::cli {

std::vector<CommandSpec> TicketCommands();
std::vector<CommandGroup> TicketGroups();

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TICKET_COMMANDS_H_
