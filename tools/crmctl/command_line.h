// The whole program: from the words of the command line to the exit code.
//
//   Console console{.in = std::cin, .out = std::cout, …};
//   return RunCommandLine({"customer", "get", "CRM2026000001"}, console);
//
// Exit codes: 0 done, 1 the call failed, 2 wrong usage, 3 some rows were rejected, 4 not signed in
// or not allowed, 5 the service cannot be reached.
#ifndef CRM_TOOLS_CRMCTL_COMMAND_LINE_H_
#define CRM_TOOLS_CRMCTL_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "tools/crmctl/console.h"

namespace crm::cli {

int RunCommandLine(const std::vector<std::string>& arguments, Console& console);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_COMMAND_LINE_H_
