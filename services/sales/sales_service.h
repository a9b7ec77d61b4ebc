// The composition of the sales service: what it is made of and which RPCs it serves.
#ifndef CRM_SERVICES_SALES_SALES_SERVICE_H_
#define CRM_SERVICES_SALES_SALES_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/runtime/service_runtime.h"

namespace crm::sales {

runtime::ServiceInfo Info();

class SalesService : public runtime::Service {
 public:
  // Builds the service on a runtime that has not started yet: loads pipelines, follows the archive,
  // registers every RPC and job.
  static absl::StatusOr<std::unique_ptr<runtime::Service>> Create(runtime::ServiceRuntime& runtime);
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_SALES_SERVICE_H_
