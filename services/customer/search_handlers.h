// SearchCustomers (CUS-25): one box for numbers, phones, emails and parts of names.
#ifndef CRM_SERVICES_CUSTOMER_SEARCH_HANDLERS_H_
#define CRM_SERVICES_CUSTOMER_SEARCH_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/archive.h"

namespace crm::customer {

class SearchHandlers {
 public:
  explicit SearchHandlers(Archive& archive) : archive_(archive) {}

  void Register(server::MethodTable& table);

 private:
  class Search;

  absl::StatusOr<v1::SearchCustomersResponse> SearchCustomers(
      server::CallContext& call, const v1::SearchCustomersRequest& request);

  Archive& archive_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SEARCH_HANDLERS_H_
