// Commands that take over an older system's records (history_kinds.h) from a table, CSV or XLSX.
#ifndef CRM_TOOLS_CRMCTL_HISTORY_COMMAND_H_
#define CRM_TOOLS_CRMCTL_HISTORY_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddHistoryCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_HISTORY_COMMAND_H_
