// What the tests of interactions, purchases, products and attachments share.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_TEST_FIXTURE_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/interaction_service.pb.h"
#include "crm/customer/v1/product_service.pb.h"
#include "crm/customer/v1/purchase_service.pb.h"
#include "services/customer/customer_changes.h"
#include "services/customer/customer_service.h"
#include "services/customer/customer_test_support.h"

namespace crm::customer {

class ActivityTest : public ::testing::Test {
 protected:
  static constexpr char kInteractions[] = "crm.customer.v1.InteractionService/";
  static constexpr char kPurchases[] = "crm.customer.v1.PurchaseService/";
  static constexpr char kProducts[] = "crm.customer.v1.ProductService/";
  static constexpr char kCustomers[] = "crm.customer.v1.CustomerService/";

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& token, const std::string& method,
                                const Request& request) {
    return harness_.Call<Request, Response>(token, method, request);
  }

  // A customer of the representative u1 in team t1.
  v1::Customer Person(const std::string& name, const std::string& phone) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = customer::Person(name, phone);
    auto created = Call<v1::Customer>(seller_, absl::StrCat(kCustomers, "CreateCustomer"), request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Customer();
  }

  v1::Customer GetCustomer(const std::string& number) {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    auto customer = Call<v1::Customer>(steward_, absl::StrCat(kCustomers, "GetCustomer"), request);
    EXPECT_TRUE(customer.ok()) << customer.status();
    return customer.ok() ? *customer : v1::Customer();
  }

  absl::Time Now() { return harness_.clock().Now(); }

  v1::Interaction Visit(const std::string& customer, absl::Time time) {
    v1::Interaction interaction;
    interaction.set_customer(customer);
    interaction.set_method("visit");
    SetTime(time, *interaction.mutable_time());
    interaction.set_content("介绍了新产品");
    interaction.set_next_action("none");
    return interaction;
  }

  absl::StatusOr<v1::Interaction> Record(v1::Interaction interaction, const std::string& token = "",
                                         const std::string& request_id = "") {
    v1::RecordInteractionRequest request;
    *request.mutable_interaction() = std::move(interaction);
    request.set_request_id(request_id);
    return Call<v1::Interaction>(token.empty() ? seller_ : token,
                                 absl::StrCat(kInteractions, "RecordInteraction"), request);
  }

  v1::Purchase Order(const std::string& customer, const std::string& order, absl::Time time,
                     const std::string& amount) {
    v1::Purchase purchase;
    purchase.set_customer(customer);
    purchase.set_source_system("erp");
    purchase.set_order_number(order);
    SetTime(time, *purchase.mutable_time());
    purchase.set_amount(amount);
    return purchase;
  }

  absl::StatusOr<v1::Purchase> Record(v1::Purchase purchase, const std::string& token = "",
                                      const std::string& request_id = "") {
    v1::RecordPurchaseRequest request;
    *request.mutable_purchase() = std::move(purchase);
    request.set_request_id(request_id);
    return Call<v1::Purchase>(token.empty() ? erp_ : token,
                              absl::StrCat(kPurchases, "RecordPurchase"), request);
  }

  absl::StatusOr<v1::Purchase> Cancel(const std::string& order) {
    v1::CancelPurchaseRequest request;
    request.mutable_name()->set_source_system("erp");
    request.mutable_name()->set_order_number(order);
    request.set_reason("客户取消");
    return Call<v1::Purchase>(erp_, absl::StrCat(kPurchases, "CancelPurchase"), request);
  }

  absl::StatusOr<v1::Purchase> Refund(const std::string& order, const std::string& amount,
                                      const std::string& number = "") {
    v1::RecordRefundRequest request;
    request.mutable_name()->set_source_system("erp");
    request.mutable_name()->set_order_number(order);
    request.mutable_refund()->set_amount(amount);
    request.mutable_refund()->set_number(number);
    return Call<v1::Purchase>(erp_, absl::StrCat(kPurchases, "RecordRefund"), request);
  }

  v1::Product Product(const std::string& code, const std::string& zh, const std::string& en) {
    v1::CreateProductRequest request;
    request.mutable_product()->set_code(code);
    request.mutable_product()->set_name_zh(zh);
    request.mutable_product()->set_name_en(en);
    request.mutable_product()->set_kind(v1::PRODUCT_KIND_PRODUCT);
    auto created = Call<v1::Product>(steward_, absl::StrCat(kProducts, "CreateProduct"), request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Product();
  }

  // How many rows a table holds.
  int64_t Rows(const std::string& table) {
    return harness_.database().Int(absl::StrCat("SELECT COUNT(*) FROM ", table));
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string seller_ = harness_.TokenOf("u1", {"sales_representative"}, "t1");
  const std::string other_seller_ = harness_.TokenOf("u2", {"sales_representative"}, "t2");
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
  const std::string erp_ = harness_.TokenOfService("erp");
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_TEST_FIXTURE_H_
