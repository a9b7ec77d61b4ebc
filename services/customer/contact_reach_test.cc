// Reach status of customers and contacts (CUS-4), and the history of contacts (CUS-11), over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/empty.pb.h"
#include "services/customer/customer_changes.h"
#include "services/customer/people_test_fixture.h"
#include "services/customer/reach.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class ContactReachTest : public PeopleTest {
 protected:
  v1::Contact Add(const v1::Customer& customer, const std::string& phone) {
    v1::CreateContactRequest request;
    request.mutable_contact()->set_customer(customer.number());
    request.mutable_contact()->set_name("李小龙");
    request.mutable_contact()->set_phone(phone);
    auto created = Call<v1::Contact>(steward_, "ContactService/CreateContact", request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Contact();
  }
  absl::StatusOr<v1::Customer> Set(const v1::Customer& customer,
                                   v1::SetReachStatusRequest::Address address,
                                   v1::ReachStatus status) {
    v1::SetReachStatusRequest request;
    request.set_customer(customer.number());
    request.set_address(address);
    request.set_status(status);
    return Call<v1::Customer>(steward_, "CustomerService/SetReachStatus", request);
  }
  absl::StatusOr<v1::Contact> Set(const v1::Contact& contact, v1::ReachStatus status,
                                  const std::string& token = "") {
    v1::SetContactReachStatusRequest request;
    request.set_contact(contact.number());
    request.set_address(v1::SetContactReachStatusRequest::ADDRESS_PHONE);
    request.set_status(status);
    return Call<v1::Contact>(token.empty() ? steward_ : token,
                             "ContactService/SetContactReachStatus", request);
  }
  absl::StatusOr<v1::Customer> Update(const v1::Customer& patch, const std::string& path) {
    v1::UpdateCustomerRequest request;
    *request.mutable_customer() = patch;
    request.mutable_update_mask()->add_paths(path);
    return Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request);
  }
  bool IsUnreachableNow(const v1::Customer& customer) {
    return GetCustomer(customer.number()).unreachable();
  }

  static constexpr auto kPhone = v1::SetReachStatusRequest::ADDRESS_PHONE;
  static constexpr auto kEmail = v1::SetReachStatusRequest::ADDRESS_EMAIL;
  static constexpr auto kCompanyPhone = v1::SetReachStatusRequest::ADDRESS_COMPANY_PHONE;
};

// CUS-4: a status with date and who set it; a new address is unconfirmed again.
TEST_F(ContactReachTest, EachAddressHasAStatusWithDateAndAuthor) {
  v1::Customer customer = Organization("深圳市云帆科技有限公司", "13800000001");
  customer.set_company_phone("0755-88886666");
  customer = Create(customer);
  EXPECT_EQ(customer.phone_reach(), v1::REACH_STATUS_UNCONFIRMED);
  EXPECT_EQ(customer.company_phone_reach(), v1::REACH_STATUS_UNCONFIRMED);
  EXPECT_EQ(customer.email_reach(), v1::REACH_STATUS_UNSPECIFIED);
  EXPECT_FALSE(customer.has_phone_reach_time());

  const auto confirmed = Set(customer, kPhone, v1::REACH_STATUS_CONFIRMED);
  ASSERT_TRUE(confirmed.ok()) << confirmed.status();
  EXPECT_EQ(confirmed->phone_reach(), v1::REACH_STATUS_CONFIRMED);
  EXPECT_EQ(TimeOf(confirmed->phone_reach_time()), harness_.clock().Now());
  EXPECT_EQ(confirmed->phone_reach_by(), "steward");
  EXPECT_EQ(Set(customer, kEmail, v1::REACH_STATUS_CONFIRMED).status().code(),
            absl::StatusCode::kFailedPrecondition);

  v1::Customer patch;
  patch.set_number(customer.number());
  patch.set_phone("13800000009");
  const auto changed = Update(patch, "phone");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->phone_reach(), v1::REACH_STATUS_UNCONFIRMED);
  EXPECT_FALSE(changed->has_phone_reach_time());
  EXPECT_EQ(changed->phone_reach_by(), "");
}

// CUS-4: unreachable when all phones and emails are, the contacts' too.
TEST_F(ContactReachTest, UnreachableWhenNothingReaches) {
  v1::Customer customer = Organization("深圳市云帆科技有限公司", "13800000001");
  customer.set_email("info@example.com");
  customer.set_company_phone("0755-88886666");
  customer = Create(customer);
  const v1::Contact contact = Add(customer, "13900000001");
  ASSERT_TRUE(Set(customer, kPhone, v1::REACH_STATUS_UNREACHABLE).ok());
  ASSERT_TRUE(Set(customer, kEmail, v1::REACH_STATUS_UNREACHABLE).ok());
  EXPECT_FALSE(Set(customer, kCompanyPhone, v1::REACH_STATUS_UNREACHABLE)->unreachable());
  const auto set = Set(contact, v1::REACH_STATUS_UNREACHABLE);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->phone_reach_by(), "steward");
  EXPECT_TRUE(IsUnreachableNow(customer));

  // One that works is enough.
  ASSERT_TRUE(Set(contact, v1::REACH_STATUS_CONFIRMED).ok());
  EXPECT_FALSE(IsUnreachableNow(customer));
  v1::DeleteContactRequest remove;
  remove.set_contact(contact.number());
  ASSERT_TRUE(Call<google::protobuf::Empty>(steward_, "ContactService/DeleteContact", remove).ok());
  EXPECT_TRUE(IsUnreachableNow(customer));
  const v1::Contact other = Add(customer, "13900000002");
  EXPECT_FALSE(IsUnreachableNow(customer));
  ASSERT_TRUE(Set(other, v1::REACH_STATUS_UNREACHABLE).ok());
  EXPECT_TRUE(IsUnreachableNow(customer));
  v1::Customer patch;
  patch.set_number(customer.number());
  patch.set_phone("13800000009");
  EXPECT_FALSE(Update(patch, "phone")->unreachable());
  patch.clear_phone();
  EXPECT_TRUE(Update(patch, "phone")->unreachable());
}

// CUS-4, PLT-13: noted by those who may write contacts in scope, once for each request.
TEST_F(ContactReachTest, NeedsTheRightAndTheScope) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Contact contact = Add(customer, "13900000001");
  EXPECT_EQ(Set(contact, v1::REACH_STATUS_CONFIRMED, seller_).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Set(contact, v1::REACH_STATUS_CONFIRMED, finance_).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// CUS-11: a contact's history: newest first, ending with the creation; sensitive values hidden.
TEST_F(ContactReachTest, HistoryOfAContact) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Contact contact = Add(customer, "13900000001");
  v1::UpdateContactRequest update;
  update.mutable_contact()->set_number(contact.number());
  update.mutable_contact()->set_phone("13900000002");
  update.mutable_contact()->set_title("采购总监");
  ASSERT_TRUE(Call<v1::Contact>(steward_, "ContactService/UpdateContact", update).ok());
  ASSERT_TRUE(Set(contact, v1::REACH_STATUS_CONFIRMED).ok());

  v1::ListContactHistoryRequest request;
  request.set_contact(contact.number());
  request.set_page_size(2);
  auto page =
      Call<v1::ListContactHistoryResponse>(steward_, "ContactService/ListContactHistory", request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->entries(), SizeIs(2));
  EXPECT_EQ(page->entries(1).actor(), "steward");
  std::vector<std::string> changes;
  for (const auto& change : page->entries(1).changes()) {
    changes.push_back(change.field() + "=" + change.new_value());
  }
  EXPECT_THAT(changes, ElementsAre("title=采购总监", "phone=***"));
  request.set_page_token(page->next_page_token());
  page =
      Call<v1::ListContactHistoryResponse>(steward_, "ContactService/ListContactHistory", request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->entries(), SizeIs(1));
  EXPECT_EQ(page->entries(0).version(), 1);
  EXPECT_EQ(page->next_page_token(), "");
  request.set_page_token("x");
  EXPECT_THAT(Violations(Call<v1::ListContactHistoryResponse>(
                             steward_, "ContactService/ListContactHistory", request)
                             .status()),
              ElementsAre("page_token PAGE_TOKEN_INVALID"));
  request.clear_page_token();
  EXPECT_EQ(
      Call<v1::ListContactHistoryResponse>(seller_, "ContactService/ListContactHistory", request)
          .status()
          .code(),
      absl::StatusCode::kNotFound);
}

// CUS-4: nobody is unreachable who cannot be reached for want of an address.
TEST(Reach, WithoutAddressesNothingIsKnown) {
  EXPECT_FALSE(IsUnreachable({}, {}));
  v1::Contact contact;
  contact.set_phone("13900000001");
  contact.set_phone_reach(v1::REACH_STATUS_UNREACHABLE);
  EXPECT_TRUE(IsUnreachable({}, {contact}));
  v1::Contact other;
  other.set_email("a@example.com");
  EXPECT_FALSE(IsUnreachable({}, {contact, other}));
}

}  // namespace
}  // namespace crm::customer
