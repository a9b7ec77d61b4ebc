// The commands of command_spec.h: arguments → request, call, answer → table, JSON or CSV.
#ifndef CRM_TOOLS_CRMCTL_RESOURCE_COMMAND_H_
#define CRM_TOOLS_CRMCTL_RESOURCE_COMMAND_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "tools/crmctl/command_spec.h"
#include "tools/crmctl/command_tree.h"
#include "tools/crmctl/report_export.h"

namespace crm::cli {

// What the command line said, as text.
struct CommandArguments {
  std::vector<std::vector<std::string>> positionals;      // one list a positional of the spec
  std::map<std::string, std::vector<std::string>> flags;  // by request field
  std::map<std::string, bool> switches;                   // boolean request fields
  std::vector<std::string> fields;                        // name=value, of the body
  std::vector<std::string> clear;                         // names, of the body
  std::vector<std::string> set;                           // path=value, of the request
  std::string json;                                       // file, or `-` for the standard input
  std::string columns;
  bool all = false;
  ExportArguments exporting;  // of a report
};

// The method of a spec; null if the protos linked in do not have it.
const google::protobuf::MethodDescriptor* MethodOf(const CommandSpec& spec);

// The list that is shown as a table: `funnel.stages` of a spec's rows. Null if there is none.
const google::protobuf::FieldDescriptor* RowsOf(const CommandSpec& spec,
                                                const google::protobuf::Descriptor& response);

// `stdin` is read for a JSON of `-`. Changes get a request id, so that they can be tried again, and
// updates a mask of what was named. Errors: usage errors.
absl::Status FillRequest(const CommandSpec& spec, const CommandArguments& arguments,
                         Session& session, google::protobuf::Message& request);

absl::StatusOr<int> RunCommand(const CommandSpec& spec, const CommandArguments& arguments,
                               Session& session);

// Adds all whose method is known.
void AddResourceCommands(CommandTree& tree);

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_RESOURCE_COMMAND_H_
