#include "services/sales/transfer_handlers.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/fragment.h"
#include "common/filter/scope.h"

namespace crm::sales {
namespace {

constexpr size_t kMostInOneCall = 500;

}  // namespace

TransferHandlers::TransferHandlers(Sales& sales) : sales_(sales) {}

void TransferHandlers::Register(server::MethodTable& table) {
  table.Unary<v1::TransferOpportunitiesRequest, v1::TransferOpportunitiesResponse>(
      "TransferOpportunities",
      [this](server::CallContext& call, const v1::TransferOpportunitiesRequest& request) {
        return Transfer(call, request);
      });
}

absl::StatusOr<std::vector<StoredOpportunity>> TransferHandlers::OpenOnesOf(
    server::CallContext& call, const std::string& owner) const {
  const resource::ResourceTable& table = sales_.table.table();
  filter::Fragment query;
  query.sql = absl::StrCat("SELECT ", table.Columns(),
                           " FROM opportunity WHERE owner = ? AND stage_kind = ?");
  query.values = {owner, v1::STAGE_KIND_OPEN};
  query.And(filter::ScopeCondition(table.schema(), call.scope()));
  query.Append(" ORDER BY id LIMIT ?", kMostInOneCall + 1);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(db::Rows rows,
                       db->Select({"open_opportunities_of", query.sql}, query.values));
  std::vector<StoredOpportunity> found(rows.size());
  for (StoredOpportunity& opportunity : found) {
    rows.Next();
    CRM_RETURN_IF_ERROR(table.Read(rows, opportunity.key, opportunity.message));
  }
  return found;
}

absl::StatusOr<v1::TransferOpportunitiesResponse> TransferHandlers::Transfer(
    server::CallContext& call, const v1::TransferOpportunitiesRequest& request) {
  if (request.from_owner().empty() == request.opportunity().empty()) {
    return InvalidField("opportunity", "TRANSFER_OF_WHAT",
                        "name either an opportunity or the owner whose opportunities are meant");
  }
  const auto staff = sales_.archive.staff().Get();
  const auto* owner = staff->User(request.to_owner());
  if (owner == nullptr) {
    return InvalidField("to_owner", "OWNER_UNKNOWN", "use the id of a user of the staff directory");
  }
  if (owner->status() == crm::customer::v1::STAFF_STATUS_SUSPENDED) {
    return InvalidField("to_owner", "OWNER_INACTIVE", "use an active user");
  }
  std::vector<StoredOpportunity> opportunities;
  if (request.opportunity().empty()) {
    CRM_ASSIGN_OR_RETURN(opportunities, OpenOnesOf(call, request.from_owner()));
  } else {
    CRM_ASSIGN_OR_RETURN(opportunities.emplace_back(), sales_.Get(call, request.opportunity()));
  }
  v1::TransferOpportunitiesResponse response;
  response.set_more(opportunities.size() > kMostInOneCall);
  if (response.more()) opportunities.resize(kMostInOneCall);
  const resource::ChangeSource source = record::SourceOf(call);
  std::map<std::string, std::vector<std::string>> by_owner;
  for (const StoredOpportunity& before : opportunities) {
    by_owner[before.message.owner()].push_back(before.message.number());
    v1::Opportunity after = before.message;
    after.set_owner(owner->user_id());
    after.set_team(owner->team());
    sales_.Change(call.writes(), before, std::move(after), source);
    response.add_transferred(before.message.number());
  }
  for (const auto& [from, numbers] : by_owner) {
    CRM_RETURN_IF_ERROR(HandOverReminders(call, numbers, from, *owner));
  }
  return response;
}

absl::Status TransferHandlers::HandOverReminders(server::CallContext& call,
                                                 const std::vector<std::string>& opportunities,
                                                 const std::string& from,
                                                 const crm::customer::v1::StaffUser& to) const {
  if (from.empty() || from == to.user_id()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredReminder> reminders,
                       sales_.reminders.OpenOnesOf(*db, opportunities, from));
  for (const StoredReminder& before : reminders) {
    v1::Reminder after = before.message;
    after.set_assignee(to.user_id());
    after.set_team(to.team());
    sales_.reminders.Change(call.writes(), before, std::move(after), record::SourceOf(call));
  }
  return absl::OkStatus();
}

}  // namespace crm::sales
