// What the tests of contacts, identities and tags share: the service over gRPC on a real database.
#ifndef CRM_SERVICES_CUSTOMER_PEOPLE_TEST_FIXTURE_H_
#define CRM_SERVICES_CUSTOMER_PEOPLE_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/contact_service.pb.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/identity_service.pb.h"
#include "services/customer/customer_service.h"
#include "services/customer/customer_test_support.h"

namespace crm::customer {

class PeopleTest : public ::testing::Test {
 protected:
  // `method`: "ContactService/GetContact".
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& token, const std::string& method,
                                const Request& request) {
    return harness_.Call<Request, Response>(token, absl::StrCat("crm.customer.v1.", method),
                                            request);
  }

  absl::StatusOr<v1::Customer> TryCreate(const std::string& token, v1::Customer customer) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    return Call<v1::Customer>(token, "CustomerService/CreateCustomer", request);
  }
  v1::Customer Create(v1::Customer customer) {
    auto created = TryCreate(steward_, std::move(customer));
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Customer();
  }

  v1::Customer GetCustomer(const std::string& number) {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    auto customer = Call<v1::Customer>(steward_, "CustomerService/GetCustomer", request);
    EXPECT_TRUE(customer.ok()) << customer.status();
    return customer.ok() ? *customer : v1::Customer();
  }

  std::vector<v1::CustomerIdentity> Identities(const std::string& customer) {
    v1::ListIdentitiesRequest request;
    request.set_customer(customer);
    auto list =
        Call<v1::ListIdentitiesResponse>(steward_, "IdentityService/ListIdentities", request);
    EXPECT_TRUE(list.ok()) << list.status();
    if (!list.ok()) return {};
    return {list->identities().begin(), list->identities().end()};
  }

  testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
  const std::string seller_ = harness_.TokenOf("seller", {"sales_representative"}, "t1");
  const std::string other_seller_ = harness_.TokenOf("other", {"sales_representative"}, "t2");
  const std::string finance_ = harness_.TokenOf("finance", {"finance"});
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PEOPLE_TEST_FIXTURE_H_
