// Who sees phones and emails plain because of what they work on (PLT-14): what it is made of. Part
// of the composition of the customer archive.
#ifndef CRM_SERVICES_CUSTOMER_INVOLVEMENT_COMPOSITION_H_
#define CRM_SERVICES_CUSTOMER_INVOLVEMENT_COMPOSITION_H_

#include "absl/status/status.h"
#include "common/runtime/service_runtime.h"
#include "services/customer/involvement_reader.h"
#include "services/customer/involvements.h"

namespace crm::customer {

class InvolvementService {
 public:
  // `runtime` outlives it.
  explicit InvolvementService(runtime::ServiceRuntime& runtime);

  // Reads what there is, adds the jobs, tells the server; before the runtime starts.
  absl::Status Open();

 private:
  absl::Status Follow();
  absl::Status Purge();

  runtime::ServiceRuntime& runtime_;
  Involvements involvements_;
  InvolvementReader tickets_;
  InvolvementReader opportunities_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INVOLVEMENT_COMPOSITION_H_
