// The composition of the ticket service: what it is made of and which RPCs it serves.
#ifndef CRM_SERVICES_TICKET_TICKET_SERVICE_H_
#define CRM_SERVICES_TICKET_TICKET_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/runtime/service_runtime.h"

namespace crm::ticket {

runtime::ServiceInfo Info();

class TicketService : public runtime::Service {
 public:
  // Builds the service on a runtime that has not started yet: reads the staff and the SLA
  // configuration, registers every RPC and job.
  static absl::StatusOr<std::unique_ptr<runtime::Service>> Create(runtime::ServiceRuntime& runtime);
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_SERVICE_H_
