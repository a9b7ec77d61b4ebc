// Completion of commands and options for bash and zsh, made from the tree of commands.
#ifndef CRM_TOOLS_CRMCTL_COMPLETION_H_
#define CRM_TOOLS_CRMCTL_COMPLETION_H_

#include <string>
#include <string_view>

#include "tools/crmctl/command_tree.h"

namespace crm::cli {

// For `source <(crmctl completion bash)`; zsh reads the same through its bashcompinit.
std::string CompletionScript(const CLI::App& root, std::string_view shell);

// `crmctl completion bash|zsh`.
void AddCompletionCommand(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_COMPLETION_H_
