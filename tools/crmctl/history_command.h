// Imports of older systems' records: a table (CSV, XLSX) whose rows go to an RPC that takes many at
// once and answers each with what became of it.
//
// The request has `rows` with a `line`, `request_id` and `validate_only`; the response `outcomes`
// with `line`, `state` and `problems` of `field`, `rule` and `mend`. Columns are found by the
// fields' names, labels and header aliases.
#ifndef CRM_TOOLS_CRMCTL_HISTORY_COMMAND_H_
#define CRM_TOOLS_CRMCTL_HISTORY_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddHistoryCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_HISTORY_COMMAND_H_
