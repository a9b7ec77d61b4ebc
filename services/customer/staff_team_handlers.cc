#include "services/customer/staff_team_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/run_list.h"
#include "common/resource/update.h"
#include "services/customer/staff_handlers.h"

namespace crm::customer {
namespace {

absl::Status NotEmpty(const char* what) {
  return Error(absl::StatusCode::kFailedPrecondition, "TEAM_NOT_EMPTY",
               "the team is still in use; move what it has to another team first")
      .Precondition("TEAM_EMPTY", what, "move them to another team");
}

}  // namespace

void StaffTeamHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateStaffTeamRequest, v1::StaffTeam>("CreateStaffTeam",
                                                         bind(&StaffTeamHandlers::Create));
  table.Unary<v1::GetStaffTeamRequest, v1::StaffTeam>("GetStaffTeam",
                                                      bind(&StaffTeamHandlers::Get));
  table.Unary<v1::ListStaffTeamsRequest, v1::ListStaffTeamsResponse>(
      "ListStaffTeams", bind(&StaffTeamHandlers::List));
  table.Unary<v1::UpdateStaffTeamRequest, v1::StaffTeam>("UpdateStaffTeam",
                                                         bind(&StaffTeamHandlers::Update));
  table.Unary<v1::DeleteStaffTeamRequest, v1::DeleteStaffTeamResponse>(
      "DeleteStaffTeam", bind(&StaffTeamHandlers::Delete));
  table.Unary<v1::ListStaffHistoryRequest, v1::ListStaffHistoryResponse>(
      "ListStaffTeamHistory", bind(&StaffTeamHandlers::History));
}

absl::StatusOr<v1::StaffTeam> StaffTeamHandlers::Create(CallContext& call,
                                                        const v1::CreateStaffTeamRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  StoredTeam team{{}, request.team()};
  CRM_RETURN_IF_ERROR(
      record::RefuseIn("team", CheckTeam(*tree.value, team.message), call.language()));
  if (tree.value->FindTeam(team.message.team_id()) != nullptr) {
    return Error(absl::StatusCode::kAlreadyExists, "TEAM_EXISTS", "the directory has this team")
        .Resource(kStaffTeamType, team.message.team_id());
  }
  team.key = store_.teams.Create(call.writes(), team.message, record::SourceOf(call));
  StaffTree after = *tree.value;
  after.Put(team);
  store_.tree.Change(call, tree, std::move(after));
  return std::move(team.message);
}

absl::StatusOr<v1::StaffTeam> StaffTeamHandlers::Get(CallContext& call,
                                                     const v1::GetStaffTeamRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredTeam* team = tree.value->FindTeam(request.team());
  if (team == nullptr) return NotFound(kStaffTeamType, request.team());
  return team->message;
}

absl::StatusOr<v1::ListStaffTeamsResponse> StaffTeamHandlers::List(
    CallContext& call, const v1::ListStaffTeamsRequest& request) {
  return record::RunList<v1::ListStaffTeamsResponse>(
      call, request,
      {.table = store_.teams.table(),
       .name = "staff_team_list",
       .keyring = keyring_,
       .zone = zone_},
      [](v1::ListStaffTeamsResponse& response) { return response.add_teams(); });
}

absl::StatusOr<v1::StaffTeam> StaffTeamHandlers::Update(CallContext& call,
                                                        const v1::UpdateStaffTeamRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredTeam* before = tree.value->FindTeam(request.team().team_id());
  if (before == nullptr) return NotFound(kStaffTeamType, request.team().team_id());
  StoredTeam saved = *before;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.team(), saved.message, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before->key, request.team().etag(), "team.etag", written));
  CRM_RETURN_IF_ERROR(
      record::RefuseIn("team", CheckTeam(*tree.value, saved.message), call.language()));
  saved.key = store_.teams.Change(call.writes(), before->key, before->message, saved.message,
                                  record::SourceOf(call));
  if (saved.key.version == before->key.version) return before->message;
  StaffTree after = *tree.value;
  after.Put(saved);
  store_.tree.Change(call, tree, std::move(after));
  return std::move(saved.message);
}

absl::StatusOr<v1::DeleteStaffTeamResponse> StaffTeamHandlers::Delete(
    CallContext& call, const v1::DeleteStaffTeamRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredTeam* team = tree.value->FindTeam(request.team());
  if (team == nullptr) return NotFound(kStaffTeamType, request.team());
  if (tree.value->HasMembers(request.team())) return NotEmpty("members");
  if (tree.value->HasTeamsBelow(request.team())) return NotEmpty("teams below");
  CRM_ASSIGN_OR_RETURN(const bool owns, StaffStore::OwnsCustomers(*db, request.team()));
  if (owns) return NotEmpty("customers");
  store_.teams.Delete(call.writes(), team->key, team->message, record::SourceOf(call));
  StaffTree after = *tree.value;
  after.teams.erase(request.team());
  store_.tree.Change(call, tree, std::move(after));
  return v1::DeleteStaffTeamResponse();
}

absl::StatusOr<v1::ListStaffHistoryResponse> StaffTeamHandlers::History(
    CallContext& call, const v1::ListStaffHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto tree, store_.tree.Fresh(*db));
  const StoredTeam* team = tree.value->FindTeam(request.name());
  if (team == nullptr) return NotFound(kStaffTeamType, request.name());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       store_.teams.ReadHistory(*db, team->key.id, team->message,
                                                request.page_size(), request.page_token()));
  v1::ListStaffHistoryResponse response;
  for (auto& entry : page.entries) *response.add_entries() = std::move(entry);
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

}  // namespace crm::customer
