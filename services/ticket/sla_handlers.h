// SlaService: the configuration of service levels, and how a ticket stands (TIC-4, TIC-6, TIC-15).
#ifndef CRM_SERVICES_TICKET_SLA_HANDLERS_H_
#define CRM_SERVICES_TICKET_SLA_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/sla_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class SlaHandlers {
 public:
  // Outlives it.
  explicit SlaHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::SlaConfiguration> Get(CallContext& call,
                                           const v1::GetSlaConfigurationRequest& request);
  absl::StatusOr<v1::SlaConfiguration> Update(CallContext& call,
                                              const v1::UpdateSlaConfigurationRequest& request);
  absl::StatusOr<v1::ListSlaVersionsResponse> Versions(CallContext& call,
                                                       const v1::ListSlaVersionsRequest& request);
  absl::StatusOr<v1::TicketSla> TicketClocks(CallContext& call,
                                             const v1::GetTicketSlaRequest& request);
  absl::StatusOr<v1::ExplainSlaResponse> Explain(CallContext& call,
                                                 const v1::ExplainSlaRequest& request);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SLA_HANDLERS_H_
