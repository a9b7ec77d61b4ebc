// The commands that are one RPC each, as data: a new RPC becomes a command with a line of this
// table. What the line does not say (flags, labels, columns, types) comes from the declarations in
// the protos.
#ifndef CRM_TOOLS_CRMCTL_COMMAND_SPEC_H_
#define CRM_TOOLS_CRMCTL_COMMAND_SPEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace crm::cli {

struct CommandSpec {
  // Words of the command: "customer tag add".
  std::string_view path;
  std::string_view zh;
  std::string_view en;
  // "CustomerService/GetCustomer"; of crm.customer.v1 unless it says another package.
  std::string_view method;
  // Request fields taken from positional arguments, in order: `customer.number`, `?customer` for an
  // optional one, `tags...` for the rest of the arguments.
  std::vector<std::string_view> positionals = {};
  // Request field that --field and --json fill: the resource.
  std::string_view body = {};
  // Repeated response field that is shown as a table, `stages` or `funnel.stages`; empty = the
  // response itself is shown.
  std::string_view rows = {};
  // Columns of that table, as paths in a row; empty = all fields.
  std::vector<std::string_view> columns = {};
  // Message whose history the rows are, for labels: "Customer".
  std::string_view subject = {};
  // Another path of the same command, where people look for it, too.
  std::string_view also = {};
};

struct CommandGroup {
  std::string_view path;
  std::string_view zh;
  std::string_view en;
};

absl::Span<const CommandSpec> CommandSpecs();
absl::Span<const CommandGroup> CommandGroups();

// `crm.customer.v1.Customer` of "Customer"; a full name stays.
std::string FullName(std::string_view name);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_COMMAND_SPEC_H_
