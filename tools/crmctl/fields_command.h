// `crmctl fields customer`: names, labels and rules of a resource's fields, without a server.
#ifndef CRM_TOOLS_CRMCTL_FIELDS_COMMAND_H_
#define CRM_TOOLS_CRMCTL_FIELDS_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddFieldsCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_FIELDS_COMMAND_H_
