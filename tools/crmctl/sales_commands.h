// The commands of the sales service.
#ifndef CRM_TOOLS_CRMCTL_SALES_COMMANDS_H_
#define CRM_TOOLS_CRMCTL_SALES_COMMANDS_H_

#include <vector>

#include "tools/crmctl/command_spec.h"

namespace crm::cli {

std::vector<CommandSpec> SalesCommands();
std::vector<CommandGroup> SalesGroups();

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_SALES_COMMANDS_H_
