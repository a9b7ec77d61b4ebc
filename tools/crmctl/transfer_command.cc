#include "tools/crmctl/transfer_command.h"

#include <memory>
#include <string>

#include "common/base/status_macros.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "tools/crmctl/records.h"

namespace crm::cli {
namespace {

constexpr char kTransfer[] = "crm.sales.v1.OpportunityService/TransferOpportunities";

struct TransferArguments {
  std::string from_owner;
  std::string to_owner;
};

// A call takes some hundreds at a time.
absl::StatusOr<int> Run(Session& session, const TransferArguments& arguments) {
  sales::v1::TransferOpportunitiesRequest request;
  request.set_from_owner(arguments.from_owner);
  request.set_to_owner(arguments.to_owner);
  sales::v1::TransferOpportunitiesResponse all;
  bool more = true;
  while (more) {
    request.set_request_id(NewRequestId());
    sales::v1::TransferOpportunitiesResponse some;
    CRM_RETURN_IF_ERROR(session.Call(kTransfer, request, some));
    // Handed to the same person they would be there for ever.
    more = some.more() && arguments.from_owner != arguments.to_owner;
    all.MergeFrom(some);
  }
  all.set_more(false);
  if (session.output() != Output::kTable) {
    CRM_RETURN_IF_ERROR(PrintMessage(session, all));
    return kOk;
  }
  for (const std::string& number : all.transferred()) session.console().out << number << "\n";
  session.console().err << all.transferred_size() << session.Say(" 个商机", " opportunities")
                        << "\n";
  return kOk;
}

}  // namespace

void AddTransferCommand(CommandTree& tree) {
  auto arguments = std::make_shared<TransferArguments>();
  CLI::App& app =
      tree.Add("opportunity transfer-all",
               tree.Say("移交一人全部进行中的商机", "hand all open opportunities of a person over"),
               [arguments](Session& session) { return Run(session, *arguments); });
  app.add_option("from_owner", arguments->from_owner, tree.Say("原负责人", "owner until now"))
      ->required();
  app.add_option("to_owner", arguments->to_owner, tree.Say("新负责人", "new owner"))->required();
}

}  // namespace crm::cli
