// Tags of customers (CUS-8): adding and removing are set operations, so concurrent ones commute.
#ifndef CRM_SERVICES_CUSTOMER_TAG_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_TAG_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

class TagHandlers {
 public:
  explicit TagHandlers(Archive& archive) : archive_(archive) {}

  // Methods of CustomerService.
  void Register(server::MethodTable& table);

 private:
  enum class Operation { kAdd, kRemove };

  absl::StatusOr<v1::Customer> Change(server::CallContext& call,
                                      const v1::ChangeCustomerTagsRequest& request,
                                      Operation operation);
  absl::StatusOr<v1::ListCustomerTagsResponse> List(server::CallContext& call,
                                                    const v1::ListCustomerTagsRequest& request);

  Archive& archive_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TAG_HANDLERS_H_
