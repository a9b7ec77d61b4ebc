// `crmctl attachment upload|download` and `crmctl ticket upload|download`: files of customers and
// tickets.
#ifndef CRM_TOOLS_CRMCTL_ATTACHMENT_COMMAND_H_
#define CRM_TOOLS_CRMCTL_ATTACHMENT_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddAttachmentCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_ATTACHMENT_COMMAND_H_
