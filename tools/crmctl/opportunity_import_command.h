// `crmctl opportunity import`: the opportunities of an older system, from a spreadsheet, with their
// own dates.
#ifndef CRM_TOOLS_CRMCTL_OPPORTUNITY_IMPORT_COMMAND_H_
#define CRM_TOOLS_CRMCTL_OPPORTUNITY_IMPORT_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddOpportunityImportCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_OPPORTUNITY_IMPORT_COMMAND_H_
