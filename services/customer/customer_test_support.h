// What the tests of the customer service share: customers to create, and what a status says.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_SUPPORT_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_SUPPORT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "crm/customer/v1/customer.pb.h"
#include "google/rpc/error_details.pb.h"

namespace crm::customer {

inline v1::Customer Organization(const std::string& name, const std::string& phone) {
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name(name);
  customer.set_industry("I65");
  customer.set_tier(v1::TIER_NORMAL);
  customer.set_decision_maker("陈建国");
  customer.set_phone(phone);
  return customer;
}

inline v1::Customer Person(const std::string& name, const std::string& phone) {
  v1::Customer customer;
  customer.set_kind(v1::CUSTOMER_KIND_PERSON);
  customer.set_full_name(name);
  customer.set_industry("F52");
  customer.set_tier(v1::TIER_POTENTIAL);
  customer.set_phone(phone);
  return customer;
}

// "field rule" of each violation.
inline std::vector<std::string> Violations(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  std::vector<std::string> found;
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      found.push_back(absl::StrCat(violation.field(), " ", violation.reason()));
    }
  }
  return found;
}

// Of the status' ErrorInfo; empty if it has none of that key.
inline std::string Metadata(const absl::Status& status, const std::string& key) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::ErrorInfo info;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&info)) return info.metadata().count(key) ? info.metadata().at(key) : "";
  }
  return "";
}

// Asks again until it holds. What other threads and replicas do takes them 2 s at most; a busy
// machine gets more.
inline bool Eventually(const std::function<bool()>& holds) {
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (absl::Now() < end) {
    if (holds()) return true;
  }
  return false;
}

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_SUPPORT_H_
