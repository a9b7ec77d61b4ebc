// What the tests of staff, settings, lists and custom fields share.
#ifndef CRM_SERVICES_CUSTOMER_SETTINGS_TEST_SUPPORT_H_
#define CRM_SERVICES_CUSTOMER_SETTINGS_TEST_SUPPORT_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/error/error.h"
#include "common/testing/service_harness.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "services/customer/customer_service.h"

namespace crm::customer {

// "field rule" of each violation.
inline std::vector<std::string> ViolationsOf(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  std::vector<std::string> found;
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      found.push_back(violation.field() + " " + violation.reason());
    }
  }
  return found;
}

inline std::string MetadataOf(const absl::Status& status, const std::string& key) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info)) return info.metadata().count(key) ? info.metadata().at(key) : "";
  }
  return "";
}

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

  absl::StatusOr<v1::Customer> CreateCustomer(v1::Customer customer) {
    return CreateCustomerAs(steward_, std::move(customer));
  }
  absl::StatusOr<v1::Customer> CreateCustomerAs(const std::string& token, v1::Customer customer) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = std::move(customer);
    return Call<v1::Customer>(token, "CustomerService/CreateCustomer", request);
  }

  // Asks again until it holds; other replicas have 2 s, a busy machine gets more.
  static bool Eventually(const std::function<bool()>& holds) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (absl::Now() < end) {
      if (holds()) return true;
    }
    return false;
  }

  crm::testing::ServiceHarness harness_{Info(), CustomerService::Create};
  const std::string admin_ = harness_.TokenOf("admin", {"administrator"});
  const std::string steward_ = harness_.TokenOf("steward", {"data_steward"});
  const std::string sales_ = harness_.TokenOf("s1", {"sales_representative"}, "east");
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_SETTINGS_TEST_SUPPORT_H_
