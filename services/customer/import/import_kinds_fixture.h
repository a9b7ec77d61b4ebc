// What the tests of the kinds beside customers share.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_KINDS_FIXTURE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_KINDS_FIXTURE_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "crm/customer/v1/contact_service.pb.h"
#include "crm/customer/v1/interaction_service.pb.h"
#include "crm/customer/v1/product_service.pb.h"
#include "crm/customer/v1/purchase_service.pb.h"
#include "services/customer/customer_changes.h"
#include "services/customer/import/import_test_fixture.h"

namespace crm::customer::import {

class ImportKindsTest : public ImportTest {
 protected:
  static v1::ImportSpec SpecOf(v1::ImportKind kind,
                               v1::DuplicatePolicy duplicates = v1::DUPLICATE_POLICY_KEEP_NEWEST) {
    v1::ImportSpec spec = Spec(duplicates);
    spec.set_kind(kind);
    return spec;
  }

  v1::Customer Create(v1::CustomerKind kind, const std::string& name, const std::string& phone,
                      const std::string& credit_code = "", const std::string& owner = "") {
    v1::CreateCustomerRequest request;
    v1::Customer& customer = *request.mutable_customer();
    customer.set_kind(kind);
    customer.set_full_name(name);
    customer.set_industry("I65");
    customer.set_tier(v1::TIER_POTENTIAL);
    customer.set_phone(phone);
    customer.set_credit_code(credit_code);
    customer.set_owner(owner);
    if (kind == v1::CUSTOMER_KIND_ORGANIZATION) customer.set_decision_maker("王建国");
    return Do<v1::Customer>("CustomerService/CreateCustomer", request);
  }
  v1::Customer Company(const std::string& name, const std::string& phone,
                       const std::string& credit_code = "") {
    return Create(v1::CUSTOMER_KIND_ORGANIZATION, name, phone, credit_code);
  }
  v1::Customer Person(const std::string& name, const std::string& phone) {
    return Create(v1::CUSTOMER_KIND_PERSON, name, phone);
  }

  v1::Customer GetCustomer(const std::string& number) {
    v1::GetCustomerRequest request;
    request.set_customer(number);
    return Do<v1::Customer>("CustomerService/GetCustomer", request);
  }
  void SetCustomerReach(const std::string& customer, v1::ReachStatus status) {
    v1::SetReachStatusRequest request;
    request.set_customer(customer);
    request.set_address(v1::SetReachStatusRequest::ADDRESS_PHONE);
    request.set_status(status);
    Do<v1::Customer>("CustomerService/SetReachStatus", request);
  }
  void SetPhoneReach(const std::string& contact, v1::ReachStatus status) {
    SetReach(contact, v1::SetContactReachStatusRequest::ADDRESS_PHONE, status);
  }
  void SetEmailReach(const std::string& contact, v1::ReachStatus status) {
    SetReach(contact, v1::SetContactReachStatusRequest::ADDRESS_EMAIL, status);
  }
  // Oldest first.
  std::vector<v1::Contact> Contacts(const std::string& customer) {
    v1::ListContactsRequest request;
    request.set_customer(customer);
    auto contacts =
        ListOf(Do<v1::ListContactsResponse>("ContactService/ListContacts", request).contacts());
    std::sort(contacts.begin(), contacts.end(),
              [](const auto& a, const auto& b) { return a.number() < b.number(); });
    return contacts;
  }
  std::vector<v1::Interaction> Interactions(const std::string& customer) {
    v1::ListInteractionsRequest request;
    request.set_customer(customer);
    return ListOf(Do<v1::ListInteractionsResponse>("InteractionService/ListInteractions", request)
                      .interactions());
  }
  std::vector<v1::Purchase> Purchases(const std::string& customer) {
    v1::ListPurchasesRequest request;
    request.set_customer(customer);
    return ListOf(
        Do<v1::ListPurchasesResponse>("PurchaseService/ListPurchases", request).purchases());
  }
  std::vector<v1::Product> Products() {
    return ListOf(
        Do<v1::ListProductsResponse>("ProductService/ListProducts", v1::ListProductsRequest())
            .products());
  }

  // "line field rule" of each issue.
  std::vector<std::string> Rules(const v1::ImportJob& job) {
    std::vector<std::string> rules;
    for (const v1::ImportIssue& issue : Issues(job.number())) {
      EXPECT_FALSE(issue.mend_en().empty());
      EXPECT_FALSE(issue.mend_zh().empty());
      rules.push_back(absl::StrCat(issue.line(), " ", issue.field(), " ", issue.rule()));
    }
    return rules;
  }

  int64_t Count(const std::string& table) {
    return harness_.database().Int(absl::StrCat("SELECT COUNT(*) FROM ", table));
  }

  // Counts: created, updated, merged, skipped, rejected.
  static std::vector<int64_t> Counts(const v1::ImportJob& job) {
    return {job.created(), job.updated(), job.merged(), job.skipped(), job.rejected()};
  }

  std::string Yesterday() {
    return absl::FormatTime("%Y-%m-%d", harness_.clock().Now() - absl::Hours(24),
                            absl::UTCTimeZone());
  }

 private:
  void SetReach(const std::string& contact, v1::SetContactReachStatusRequest::Address address,
                v1::ReachStatus status) {
    v1::SetContactReachStatusRequest request;
    request.set_contact(contact);
    request.set_address(address);
    request.set_status(status);
    Do<v1::Contact>("ContactService/SetContactReachStatus", request);
  }
  template <typename Response, typename Request>
  Response Do(std::string_view method, const Request& request) {
    auto response = harness_.Call<Request, Response>(
        steward_, absl::StrCat("crm.customer.v1.", std::string(method)), request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : Response();
  }
  template <typename List>
  static std::vector<typename List::value_type> ListOf(const List& list) {
    return {list.begin(), list.end()};
  }
};

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_KINDS_FIXTURE_H_
