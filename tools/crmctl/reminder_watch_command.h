// `crmctl reminder watch`: what becomes due, one line a reminder (SAL-10).
#ifndef CRM_TOOLS_CRMCTL_REMINDER_WATCH_COMMAND_H_
#define CRM_TOOLS_CRMCTL_REMINDER_WATCH_COMMAND_H_

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

void AddReminderWatchCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_REMINDER_WATCH_COMMAND_H_
