#include "services/customer/customer_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/metrics/definition.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "prometheus/text_serializer.h"
#include "services/customer/customer_service.h"

namespace crm::customer {
namespace {

using ::testing::HasSubstr;

class CustomerMetricsTest : public ::testing::Test {
 protected:
  v1::Customer Create(const std::string& name, const std::string& phone, v1::Tier tier) {
    v1::CreateCustomerRequest request;
    v1::Customer& customer = *request.mutable_customer();
    customer.set_kind(v1::CUSTOMER_KIND_PERSON);
    customer.set_full_name(name);
    customer.set_industry("零售业");
    customer.set_tier(tier);
    customer.set_phone(phone);
    const auto created = harness_.Call<v1::CreateCustomerRequest, v1::Customer>(
        harness_.TokenOf("wang.fang", {"data_steward"}),
        "crm.customer.v1.CustomerService/CreateCustomer", request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.value_or(v1::Customer());
  }
  std::string Scrape() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  testing::ServiceHarness harness_{Info(), CustomerService::Create};
  prometheus::Registry registry_;
  CustomerMetrics metrics_{registry_, harness_.database().pool()};
};

// PLT-26: customers by tier and stage; every series exists from the start, an unknown tier too.
TEST_F(CustomerMetricsTest, CountsByTierAndStage) {
  EXPECT_THAT(Scrape(), HasSubstr(R"(crm_customers{stage="dormant",tier="strategic"} 0)"));
  Create("王建国", "13800138001", v1::TIER_KEY);
  Create("李秀英", "13800138002", v1::TIER_KEY);
  const v1::Customer odd = Create("赵敏", "13800138003", v1::TIER_POTENTIAL);
  harness_.database().Run(
      "UPDATE customer SET tier = NULL, stage = NULL, incomplete = 1 "
      "WHERE number = '" +
      odd.number() + "'");

  ASSERT_TRUE(metrics_.Count().ok());
  EXPECT_THAT(Scrape(), HasSubstr(R"(crm_customers{stage="potential",tier="key"} 2)"));
  EXPECT_THAT(Scrape(), HasSubstr(R"(crm_customers{stage="unknown",tier="unknown"} 1)"));
  EXPECT_THAT(Scrape(), HasSubstr(R"(crm_customers{stage="potential",tier="potential"} 0)"));
  EXPECT_THAT(Scrape(), HasSubstr("crm_customers_incomplete 1"));

  harness_.database().Run("DELETE FROM customer");
  ASSERT_TRUE(metrics_.Count().ok());
  EXPECT_THAT(Scrape(), HasSubstr(R"(crm_customers{stage="potential",tier="key"} 0)"));
  EXPECT_THAT(Scrape(), HasSubstr("crm_customers_incomplete 0"));
}

// PLT-26: counting a million customers reads an index, not the rows.
TEST_F(CustomerMetricsTest, CountingReadsTheIndexOnly) {
  EXPECT_EQ(harness_.database().String(
                "SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) "
                "FROM information_schema.statistics WHERE table_schema = DATABASE() AND "
                "table_name = 'customer' AND index_name = 'customer_tier'"),
            "tier,stage,incomplete");
}

}  // namespace
}  // namespace crm::customer
