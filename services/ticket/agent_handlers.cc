#include "services/ticket/agent_handlers.h"

#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::ticket {

void AgentHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::SetAvailabilityRequest, v1::ServiceAgent>("SetAvailability",
                                                            bind(&AgentHandlers::SetAvailability));
  table.Unary<v1::UpdateServiceAgentRequest, v1::ServiceAgent>("UpdateServiceAgent",
                                                               bind(&AgentHandlers::Update));
  table.Unary<v1::ListServiceAgentsRequest, v1::ListServiceAgentsResponse>(
      "ListServiceAgents", bind(&AgentHandlers::List));
}

absl::StatusOr<v1::ServiceAgent> AgentHandlers::Read(CallContext& call,
                                                     const std::string& user_id) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(std::optional<v1::ServiceAgent> found, Agents::Find(*db, user_id));
  if (found.has_value()) return *std::move(found);
  v1::ServiceAgent agent;
  agent.set_user_id(user_id);
  agent.set_availability(v1::AGENT_AVAILABILITY_OFF);
  agent.set_capacity(Agents::kDefaultCapacity);
  return agent;
}

v1::ServiceAgent AgentHandlers::Save(CallContext& call, const v1::ServiceAgent& agent) {
  Agents::Write(call.writes(), agent);
  call.AfterCommit([this, agent] { desk_.agents.Note(agent); });
  return agent;
}

absl::StatusOr<v1::ServiceAgent> AgentHandlers::SetAvailability(
    CallContext& call, const v1::SetAvailabilityRequest& request) {
  CRM_ASSIGN_OR_RETURN(v1::ServiceAgent agent, Read(call, call.caller().id));
  agent.set_availability(request.availability());
  return Save(call, agent);
}

absl::StatusOr<v1::ServiceAgent> AgentHandlers::Update(
    CallContext& call, const v1::UpdateServiceAgentRequest& request) {
  if (desk_.archive.staff().Get()->User(request.user_id()) == nullptr) {
    return InvalidField("user_id", "USER_UNKNOWN", "name a user of the directory");
  }
  CRM_ASSIGN_OR_RETURN(v1::ServiceAgent agent, Read(call, request.user_id()));
  if (request.availability() != v1::AGENT_AVAILABILITY_UNSPECIFIED) {
    agent.set_availability(request.availability());
  }
  if (request.capacity() > 0) agent.set_capacity(request.capacity());
  return Save(call, agent);
}

absl::StatusOr<v1::ListServiceAgentsResponse> AgentHandlers::List(
    CallContext& /*call*/, const v1::ListServiceAgentsRequest& /*request*/) {
  v1::ListServiceAgentsResponse response;
  for (const v1::ServiceAgent& agent : desk_.agents.All()) *response.add_agents() = agent;
  return response;
}

}  // namespace crm::ticket
