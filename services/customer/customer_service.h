// The composition of the customer archive: what it is made of and which RPCs it serves.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_SERVICE_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/runtime/service_runtime.h"

namespace crm::customer {

runtime::ServiceInfo Info();

class CustomerService : public runtime::Service {
 public:
  // Builds the archive on a runtime that has not started yet: loads settings and the name index,
  // registers every RPC and job.
  static absl::StatusOr<std::unique_ptr<runtime::Service>> Create(runtime::ServiceRuntime& runtime);
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_SERVICE_H_
