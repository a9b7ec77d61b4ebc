// CustomerService over gRPC.
#include "services/customer/customer_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"
#include "common/testing/service_harness.h"
#include "services/customer/customer_service.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kService[] = "crm.customer.v1.CustomerService/";

class CustomerHandlersTest : public ::testing::Test {
 protected:
  static v1::Customer Organization(const std::string& name, const std::string& phone) {
    v1::Customer customer;
    customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name(name);
    customer.set_industry("I65");
    customer.set_tier(v1::TIER_NORMAL);
    customer.set_decision_maker("陈建国");
    customer.set_phone(phone);
    return customer;
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(std::string_view method, const Request& request,
                                client::CallOptions options = {}) {
    return harness_.Call<Request, Response>(steward_, kService + std::string(method), request,
                                            std::move(options));
  }

  absl::StatusOr<v1::Customer> Create(v1::Customer customer, const std::string& request_id = "") {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    request.set_request_id(request_id);
    return Call<v1::Customer>("CreateCustomer", request);
  }

  absl::StatusOr<v1::Customer> Get(const std::string& number) {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    return Call<v1::Customer>("GetCustomer", request);
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
};

// CUS-1, CUS-2
TEST_F(CustomerHandlersTest, CreatesACustomerAndReadsIt) {
  auto created = Create(Organization("深圳市云帆科技有限公司", "138-1234-5678"));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->number(), "CRM2026000001");
  EXPECT_EQ(created->stage(), v1::STAGE_POTENTIAL);

  auto read = Get(created->number());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->full_name(), "深圳市云帆科技有限公司");
  EXPECT_EQ(read->etag(), created->etag());
}

}  // namespace
}  // namespace crm::customer
