// `crmctl import`: sends a spreadsheet, watches its import and prints the report; `crmctl imports
// …` for one that was started before (CUS-27 to CUS-32).
#ifndef CRM_TOOLS_CRMCTL_IMPORT_COMMAND_H_
#define CRM_TOOLS_CRMCTL_IMPORT_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddImportCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_IMPORT_COMMAND_H_
