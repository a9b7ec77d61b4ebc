// `crmctl ticket list`, `ticket queue` and `ticket watch`: tickets, one's work list, the work list
// and its changes, with what is left until each ticket is due (TIC-13).
#ifndef CRM_TOOLS_CRMCTL_TICKET_QUEUE_COMMAND_H_
#define CRM_TOOLS_CRMCTL_TICKET_QUEUE_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddTicketQueueCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TICKET_QUEUE_COMMAND_H_
