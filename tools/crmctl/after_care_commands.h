// The commands for merged and split tickets, and for tickets that are done.
#ifndef CRM_TOOLS_CRMCTL_AFTER_CARE_COMMANDS_H_
#define CRM_TOOLS_CRMCTL_AFTER_CARE_COMMANDS_H_

#include <vector>

#include "tools/crmctl/command_spec.h"

namespace crm::cli {

std::vector<CommandSpec> AfterCareCommands();

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_AFTER_CARE_COMMANDS_H_
