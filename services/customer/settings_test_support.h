// What the tests of staff, settings, lists and custom fields share.
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_TEST_SUPPORT_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_TEST_SUPPORT_H_

#include <string>
#include <string_view>
#include <utility>

#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "gtest/gtest.h"
#include "services/customer/customer_service.h"
#include "services/customer/customer_test_support.h"

namespace crm::customer {

class AdministrationTest : public ::testing::Test {
 protected:
  // `method`: "StaffService/GetStaffUser".
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& token, std::string_view method,
                                const Request& request, const std::string& language = "") {
    return harness_.Call<Request, Response>(token, "crm.customer.v1." + std::string(method),
                                            request, {.accept_language = language});
  }
  template <typename Response, typename Request>
  absl::StatusOr<Response> CallOn(crm::testing::Replica& replica, const std::string& token,
                                  std::string_view method, const Request& request) {
    return crm::testing::ServiceHarness::CallOn<Request, Response>(
        replica, token, "crm.customer.v1." + std::string(method), request);
  }

  absl::StatusOr<v1::Customer> CreateCustomer(v1::Customer customer) {
    return CreateCustomerAs(steward_, std::move(customer));
  }
  absl::StatusOr<v1::Customer> CreateCustomerAs(const std::string& token, v1::Customer customer) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    return Call<v1::Customer>(token, "CustomerService/CreateCustomer", request);
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string admin_ = harness_.TokenOf("admin", {"administrator"});
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
  const std::string sales_ = harness_.TokenOf("s1", {"sales_representative"}, "east");
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_TEST_SUPPORT_H_
