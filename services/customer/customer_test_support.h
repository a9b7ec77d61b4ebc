// What the tests of the customer service share: customers to create.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_SUPPORT_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_SUPPORT_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "common/testing/expectations.h"
#include "crm/customer/v1/customer.pb.h"

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

using crm::testing::Eventually;
using crm::testing::Metadata;
using crm::testing::Violations;

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_TEST_SUPPORT_H_
