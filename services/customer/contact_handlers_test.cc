// ContactService over gRPC.
#include "services/customer/contact_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "services/customer/people_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Property;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ContactHandlersTest : public PeopleTest {
 protected:
  static v1::Contact ContactOf(const v1::Customer& customer, const std::string& name,
                               const std::string& phone = "") {
    v1::Contact contact;
    contact.set_customer(customer.number());
    contact.set_name(name);
    contact.set_phone(phone);
    return contact;
  }

  absl::StatusOr<v1::Contact> TryAdd(const std::string& token, v1::Contact contact,
                                     const std::string& request_id = "") {
    v1::CreateContactRequest request;
    *request.mutable_contact() = std::move(contact);
    request.set_request_id(request_id);
    return Call<v1::Contact>(token, "ContactService/CreateContact", request);
  }
  v1::Contact Add(v1::Contact contact) {
    auto created = TryAdd(steward_, std::move(contact));
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : v1::Contact();
  }

  absl::StatusOr<v1::Contact> Get(const std::string& token, const std::string& number) {
    v1::GetContactRequest request;
    request.set_contact(number);
    return Call<v1::Contact>(token, "ContactService/GetContact", request);
  }

  absl::StatusOr<v1::Contact> Update(v1::Contact contact, std::vector<std::string> mask) {
    v1::UpdateContactRequest request;
    *request.mutable_contact() = std::move(contact);
    for (std::string& path : mask) request.mutable_update_mask()->add_paths(std::move(path));
    return Call<v1::Contact>(steward_, "ContactService/UpdateContact", request);
  }

  absl::Status Delete(const std::string& number, const std::string& etag = "") {
    v1::DeleteContactRequest request;
    request.set_contact(number);
    request.set_etag(etag);
    return Call<google::protobuf::Empty>(steward_, "ContactService/DeleteContact", request)
        .status();
  }

  absl::StatusOr<v1::ListContactsResponse> List(const std::string& token,
                                                const v1::ListContactsRequest& request) {
    return Call<v1::ListContactsResponse>(token, "ContactService/ListContacts", request);
  }

  std::vector<std::string> Primaries(const v1::Customer& customer) {
    v1::ListContactsRequest request;
    request.set_customer(customer.number());
    request.set_filter("is_primary = true");
    auto list = List(steward_, request);
    EXPECT_TRUE(list.ok()) << list.status();
    std::vector<std::string> numbers;
    for (const v1::Contact& contact : list->contacts()) numbers.push_back(contact.number());
    return numbers;
  }
};

// CUS-13
TEST_F(ContactHandlersTest, KeepsEverythingAboutAContact) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  v1::Contact contact = ContactOf(customer, "李 小龙", "139-0000-0001");
  contact.set_title("采购总监");
  contact.set_department("采购部");
  contact.set_role(v1::CONTACT_ROLE_INFLUENCER);
  contact.set_email("Li@EXAMPLE.com");
  contact.set_wechat("lixl88");
  contact.set_birthday("1980-05-06");
  contact.set_preferences("喜欢喝茶\n不接夜间电话");
  contact.add_preferred_channels("微信");
  const v1::Contact created = Add(contact);
  EXPECT_EQ(created.number(), "CON2026000001");

  auto masked = Get(finance_, created.number());
  ASSERT_TRUE(masked.ok()) << masked.status();
  EXPECT_EQ(masked->phone(), "139****0001");
  EXPECT_EQ(masked->preferences(), "***");
  EXPECT_EQ(masked->birthday(), "1980-**-**");
  v1::Customer own = Organization("广州市白云机械厂", "13800000002");
  auto seller_customer = TryCreate(seller_, own);
  ASSERT_TRUE(seller_customer.ok()) << seller_customer.status();
  contact.set_customer(seller_customer->number());
  contact.set_phone("13900000002");
  auto plain = TryAdd(seller_, contact);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->name(), "李小龙");
  EXPECT_EQ(plain->phone(), "13900000002");
  EXPECT_EQ(plain->email(), "Li@example.com");
  EXPECT_EQ(plain->wechat(), "lixl88");
  EXPECT_EQ(plain->birthday(), "1980-05-06");
  EXPECT_EQ(plain->preferences(), "喜欢喝茶\n不接夜间电话");
  EXPECT_EQ(plain->owner(), "seller");
  EXPECT_THAT(plain->preferred_channels(), ElementsAre("wechat"));

  auto read = Get(seller_, plain->number());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), plain->SerializeAsString());
}

// PLT-15: the database never sees the plain value. PLT-14: events neither.
TEST_F(ContactHandlersTest, StoresSensitiveFieldsEncrypted) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  v1::Contact contact = ContactOf(customer, "李小龙", "13900000001");
  contact.set_wechat("lixl88");
  Add(contact);
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM contact WHERE "
                                    "INSTR(phone, '13900000001') OR INSTR(wechat, 'lixl88')"),
            0);
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM outbox WHERE "
                                    "INSTR(payload, '13900000001') OR INSTR(payload, 'lixl88')"),
            0);
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM outbox WHERE INSTR(payload, 'contact.created')"),
            1);
}

// CUS-13, PLT-8: all violations at once.
TEST_F(ContactHandlersTest, NamesEveryBadField) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  v1::Contact contact = ContactOf(customer, "王总");
  contact.set_birthday("2099-01-01");
  contact.add_preferred_channels("飞鸽传书");
  EXPECT_THAT(Violations(TryAdd(steward_, contact).status()),
              UnorderedElementsAre("contact.name NAME_NICKNAME",
                                   "contact.preferred_channels[0] NOT_IN_LIST",
                                   "contact.birthday DATE_IN_FUTURE"));
  EXPECT_THAT(Violations(TryAdd(steward_, v1::Contact()).status()),
              Contains("contact.customer REQUIRED"));
}

// CUS-13: contacts of organisations.
TEST_F(ContactHandlersTest, APersonHasNoContacts) {
  const v1::Customer person = Create(Person("张三丰", "13800000001"));
  const absl::Status status = TryAdd(steward_, ContactOf(person, "李小龙")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "CUSTOMER_NOT_ORGANIZATION");
}

// PLT-13
TEST_F(ContactHandlersTest, OutOfScopeDoesNotExist) {
  auto customer = TryCreate(seller_, Organization("深圳市云帆科技有限公司", "13800000001"));
  ASSERT_TRUE(customer.ok()) << customer.status();
  auto contact = TryAdd(seller_, ContactOf(*customer, "李小龙"));
  ASSERT_TRUE(contact.ok()) << contact.status();
  EXPECT_EQ(Get(other_seller_, contact->number()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(TryAdd(other_seller_, ContactOf(*customer, "李小龙")).status().code(),
            absl::StatusCode::kNotFound);
  auto list = List(other_seller_, {});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(list->contacts(), IsEmpty());
  EXPECT_EQ(TryAdd(finance_, ContactOf(*customer, "李小龙")).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// PLT-5
TEST_F(ContactHandlersTest, RepeatingARequestAddsOneContact) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Contact contact = ContactOf(customer, "李小龙", "13900000001");
  auto first = TryAdd(steward_, contact, "r-1");
  auto second = TryAdd(steward_, contact, "r-1");
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->number(), second->number());
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM contact"), 1);
}

// PLT-2: all checks, nothing written.
TEST_F(ContactHandlersTest, ValidateOnlyWritesNothing) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  Create(Organization("广州市白云机械厂", "13800000002"));
  v1::CreateContactRequest request;
  *request.mutable_contact() = ContactOf(customer, "李小龙", "13900000001");
  request.set_validate_only(true);
  EXPECT_TRUE(Call<v1::Contact>(steward_, "ContactService/CreateContact", request).ok());
  request.mutable_contact()->set_phone("13800000002");
  EXPECT_EQ(
      ErrorReason(Call<v1::Contact>(steward_, "ContactService/CreateContact", request).status()),
      "IDENTITY_TAKEN");
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM contact"), 0);
}

// CUS-14, CUS-16: a contact's mobile recognises the customer, and no second one.
TEST_F(ContactHandlersTest, AMobileIsAnIdentityOfTheCustomer) {
  const v1::Customer one = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Customer two = Create(Organization("广州市白云机械厂", "13800000002"));
  const v1::Contact contact = Add(ContactOf(one, "李小龙", "13900000001"));
  EXPECT_THAT(Identities(one.number()),
              Contains(AllOf(Property(&v1::CustomerIdentity::value, "139****0001"),
                             Property(&v1::CustomerIdentity::contact, contact.number()))));

  const absl::Status taken = TryAdd(steward_, ContactOf(two, "陈真", "13900000001")).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Metadata(taken, "customer"), one.number());
  EXPECT_EQ(Metadata(taken, "field"), "phone");
  const absl::Status own = TryCreate(steward_, Person("陈真", "13900000001")).status();
  EXPECT_EQ(own.code(), absl::StatusCode::kAlreadyExists);

  // Landlines recognise nobody: two companies share a switchboard.
  EXPECT_TRUE(TryAdd(steward_, ContactOf(one, "霍元甲", "0755-88886666")).ok());
  EXPECT_TRUE(TryAdd(steward_, ContactOf(two, "叶问", "0755-88886666")).ok());
  EXPECT_THAT(Identities(two.number()), SizeIs(1));
}

// CUS-14: the identity stays as long as anybody of the customer has the number.
TEST_F(ContactHandlersTest, TheDecisionMakersMobileCanBeAContactsToo) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Contact same = Add(ContactOf(customer, "陈建国", "13800000001"));
  EXPECT_THAT(Identities(customer.number()), SizeIs(1));
  ASSERT_TRUE(Delete(same.number()).ok());
  EXPECT_THAT(Identities(customer.number()), SizeIs(1));

  const v1::Contact contact = Add(ContactOf(customer, "李小龙", "13900000001"));
  v1::UpdateCustomerRequest request;
  request.mutable_customer()->set_number(customer.number());
  request.mutable_customer()->set_phone("13900000001");
  auto updated = Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(Identities(customer.number()), SizeIs(1));
  request.mutable_customer()->set_phone("13800000009");
  ASSERT_TRUE(Call<v1::Customer>(steward_, "CustomerService/UpdateCustomer", request).ok());
  EXPECT_THAT(Identities(customer.number()), SizeIs(2));
  ASSERT_TRUE(Delete(contact.number()).ok());
  EXPECT_THAT(Identities(customer.number()), SizeIs(1));
  EXPECT_TRUE(TryCreate(steward_, Person("李小龙", "13900000001")).ok());
}

// CUS-13: at most one primary contact; the others keep everything else.
TEST_F(ContactHandlersTest, SettingThePrimaryUnsetsTheOneBefore) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  v1::Contact first = ContactOf(customer, "李小龙");
  first.set_is_primary(true);
  first = Add(first);
  EXPECT_THAT(Primaries(customer), ElementsAre(first.number()));
  v1::Contact second = ContactOf(customer, "霍元甲");
  second.set_is_primary(true);
  second = Add(second);
  EXPECT_TRUE(second.is_primary());
  EXPECT_THAT(Primaries(customer), ElementsAre(second.number()));

  v1::Contact patch;
  patch.set_number(first.number());
  patch.set_is_primary(true);
  auto updated = Update(patch, {"is_primary"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(Primaries(customer), ElementsAre(first.number()));
  patch.set_is_primary(false);
  ASSERT_TRUE(Update(patch, {"is_primary"}).ok());
  EXPECT_THAT(Primaries(customer), IsEmpty());
}

// CUS-13, PLT-6: whoever comes at the same time, one is left.
TEST_F(ContactHandlersTest, ConcurrentPrimariesLeaveOne) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      v1::Contact contact = ContactOf(customer, "李小龙");
      contact.set_is_primary(true);
      // The loser of a race is told of a conflict, and never of a duplicate key.
      absl::StatusOr<v1::Contact> added;
      do {
        added = TryAdd(steward_, contact);
      } while (absl::IsAborted(added.status()));
      EXPECT_TRUE(added.ok()) << added.status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM contact"), 8);
  EXPECT_THAT(Primaries(customer), SizeIs(1));
}

// CUS-13, PLT-6: the same for contacts that are there already.
TEST_F(ContactHandlersTest, ConcurrentUpdatesLeaveOnePrimary) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  std::vector<v1::Contact> contacts;
  for (int i = 0; i < 4; ++i) contacts.push_back(Add(ContactOf(customer, "李小龙")));
  std::vector<std::thread> threads;
  for (const v1::Contact& contact : contacts) {
    threads.emplace_back([&] {
      v1::Contact patch;
      patch.set_number(contact.number());
      patch.set_is_primary(true);
      absl::StatusOr<v1::Contact> updated;
      do {
        updated = Update(patch, {"is_primary"});
      } while (absl::IsAborted(updated.status()));
      EXPECT_TRUE(updated.ok()) << updated.status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Primaries(customer), SizeIs(1));
}

// PLT-6, CUS-11
TEST_F(ContactHandlersTest, AStaleEtagIsRefusedOnlyForTheSameField) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Contact contact = Add(ContactOf(customer, "李小龙"));
  v1::Contact patch;
  patch.set_number(contact.number());
  patch.set_title("经理");
  ASSERT_TRUE(Update(patch, {"title"}).ok());
  patch.set_etag(contact.etag());
  patch.set_department("采购部");
  ASSERT_TRUE(Update(patch, {"department"}).ok());
  patch.set_title("总监");
  const absl::Status stale = Update(patch, {"title"}).status();
  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(stale), "ETAG_STALE");
  EXPECT_EQ(Metadata(stale, "changed_fields"), "title");
  EXPECT_EQ(harness_.database().Int(
                "SELECT COUNT(*) FROM history WHERE resource_type = 'crm.customer.v1.Contact'"),
            2);
}

TEST_F(ContactHandlersTest, DeletesForGood) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Contact contact = Add(ContactOf(customer, "李小龙", "13900000001"));
  EXPECT_EQ(Delete(contact.number(), "v7").code(), absl::StatusCode::kAborted);
  ASSERT_TRUE(Delete(contact.number(), contact.etag()).ok());
  EXPECT_EQ(Get(steward_, contact.number()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Delete(contact.number()).code(), absl::StatusCode::kNotFound);
  // A number is never given again.
  EXPECT_NE(Add(ContactOf(customer, "霍元甲")).number(), contact.number());
}

// PLT-4
TEST_F(ContactHandlersTest, ListsInPages) {
  const v1::Customer customer = Create(Organization("深圳市云帆科技有限公司", "13800000001"));
  const v1::Customer other = Create(Organization("广州市白云机械厂", "13800000002"));
  for (int i = 0; i < 5; ++i) {
    v1::Contact contact = ContactOf(customer, "李小龙", absl::StrCat("1390000001", i));
    contact.set_role(i % 2 == 0 ? v1::CONTACT_ROLE_DECISION_MAKER : v1::CONTACT_ROLE_USER);
    Add(contact);
  }
  Add(ContactOf(other, "霍元甲"));
  v1::ListContactsRequest request;
  request.set_customer(customer.number());
  request.set_page_size(2);
  request.set_order_by("number");
  std::vector<std::string> numbers;
  do {
    auto page = List(steward_, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Contact& contact : page->contacts()) numbers.push_back(contact.number());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(numbers, SizeIs(5));
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));

  v1::ListContactsRequest filtered;
  filtered.set_filter("role = DECISION_MAKER AND phone = \"139-0000-0012\"");
  auto found = List(steward_, filtered);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->contacts(), SizeIs(1));
  filtered.set_filter("nonsense = 1");
  EXPECT_EQ(List(steward_, filtered).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace crm::customer
