// `crmctl opportunity transfer-all`: all open opportunities of a person to another one (SAL-11).
#ifndef CRM_TOOLS_CRMCTL_TRANSFER_COMMAND_H_
#define CRM_TOOLS_CRMCTL_TRANSFER_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddTransferCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_TRANSFER_COMMAND_H_
