// `crmctl events`: what happens in a service, one line an event (PLT-20).
#ifndef CRM_TOOLS_CRMCTL_EVENT_COMMAND_H_
#define CRM_TOOLS_CRMCTL_EVENT_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddEventCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_EVENT_COMMAND_H_
