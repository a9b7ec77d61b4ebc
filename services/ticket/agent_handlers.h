// AgentService: who takes tickets, and how many (TIC-7).
#ifndef CRM_SERVICES_TICKET_AGENT_HANDLERS_H_
#define CRM_SERVICES_TICKET_AGENT_HANDLERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/agent_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class AgentHandlers {
 public:
  // Outlives it.
  explicit AgentHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::ServiceAgent> SetAvailability(CallContext& call,
                                                   const v1::SetAvailabilityRequest& request);
  absl::StatusOr<v1::ServiceAgent> Update(CallContext& call,
                                          const v1::UpdateServiceAgentRequest& request);
  absl::StatusOr<v1::ListServiceAgentsResponse> List(CallContext& call,
                                                     const v1::ListServiceAgentsRequest& request);

  // As committed, or as somebody new begins.
  static absl::StatusOr<v1::ServiceAgent> Read(CallContext& call, const std::string& user_id);
  v1::ServiceAgent Save(CallContext& call, const v1::ServiceAgent& agent);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_AGENT_HANDLERS_H_
