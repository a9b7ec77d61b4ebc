// `crmctl call`: any RPC of any server, by what the server says about itself (PLT-29).
#ifndef CRM_TOOLS_CRMCTL_CALL_COMMAND_H_
#define CRM_TOOLS_CRMCTL_CALL_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddCallCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_CALL_COMMAND_H_
