// What the tests of CustomerService share: the service over gRPC on a real database.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_FIXTURE_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/customer_service.h"
#include "services/customer/customer_test_support.h"

namespace crm::customer {

class CustomerHandlersTest : public ::testing::Test {
 protected:
  static constexpr char kService[] = "crm.customer.v1.CustomerService/";

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request,
                                const std::string& token = "") {
    return harness_.Call<Request, Response>(token.empty() ? steward_ : token,
                                            kService + std::string(method), request);
  }

  absl::StatusOr<v1::Customer> Create(v1::Customer customer, const std::string& request_id = "",
                                      const std::string& token = "") {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    request.set_request_id(request_id);
    return Call<v1::Customer>("CreateCustomer", request, token);
  }

  absl::StatusOr<v1::Customer> Get(const std::string& number, const std::string& token = "") {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    return Call<v1::Customer>("GetCustomer", request, token);
  }

  absl::StatusOr<v1::Customer> Update(v1::Customer customer, std::vector<std::string> paths) {
    v1::UpdateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    for (std::string& path : paths) request.mutable_update_mask()->add_paths(std::move(path));
    return Call<v1::Customer>("UpdateCustomer", request);
  }

  absl::StatusOr<v1::ListCustomersResponse> List(const std::string& filter,
                                                 const std::string& token = "") {
    v1::ListCustomersRequest request;
    request.set_filter(filter);
    return Call<v1::ListCustomersResponse>("ListCustomers", request, token);
  }

  std::vector<std::string> Search(const std::string& query, const std::string& token = "") {
    v1::SearchCustomersRequest request;
    request.set_query(query);
    auto response = Call<v1::SearchCustomersResponse>("SearchCustomers", request, token);
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> names;
    if (response.ok()) {
      for (const auto& hit : response->hits()) names.push_back(hit.customer().full_name());
    }
    return names;
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_FIXTURE_H_
