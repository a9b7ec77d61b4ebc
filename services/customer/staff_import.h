// Bulk import of users: each row has an outcome of its own (PLT-31).
#ifndef CRM_SERVICES_CUSTOMER_STAFF_IMPORT_H_
#define CRM_SERVICES_CUSTOMER_STAFF_IMPORT_H_

#include "absl/status/statusor.h"
#include "common/auth/policy.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/staff_service.pb.h"
#include "services/customer/staff_store.h"

namespace crm::customer {

class StaffImport {
 public:
  // All outlive this.
  StaffImport(StaffStore& store, const auth::CurrentPolicy& policy)
      : store_(store), policy_(policy) {}

  void Register(server::MethodTable& table);

 private:
  absl::StatusOr<v1::BulkImportStaffResponse> Import(server::CallContext& call,
                                                     const v1::BulkImportStaffRequest& request);

  StaffStore& store_;
  const auth::CurrentPolicy& policy_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_IMPORT_H_
