// `crmctl ticket report` and `crmctl ticket problems`: figures of a period (TIC-11, TIC-12).
#ifndef CRM_TOOLS_CRMCTL_TICKET_REPORT_COMMAND_H_
#define CRM_TOOLS_CRMCTL_TICKET_REPORT_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddTicketReportCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TICKET_REPORT_COMMAND_H_
