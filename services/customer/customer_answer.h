// Registers handlers whose answer is a customer, which is completed on its way out.
//
//   AnswerCustomer<v1::AssignCustomerRequest>(table, "AssignCustomer", archive, handler);
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_ANSWER_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_ANSWER_H_

#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "services/customer/archive.h"

namespace crm::customer {

// `handler(CallContext&, const Request&) -> absl::StatusOr<v1::Customer>`; `archive` outlives the
// table.
template <typename Request, typename Handler>
void AnswerCustomer(server::MethodTable& table, std::string_view method, const Archive& archive,
                    Handler handler) {
  table.Unary<Request, v1::Customer>(
      method,
      [&archive, handler = std::move(handler)](
          server::CallContext& call, const Request& request) -> absl::StatusOr<v1::Customer> {
        absl::StatusOr<v1::Customer> customer = handler(call, request);
        if (customer.ok()) archive.CompleteAnswer(call.language(), *customer);
        return customer;
      });
}

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_ANSWER_H_
