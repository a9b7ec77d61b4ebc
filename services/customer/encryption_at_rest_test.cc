// What is declared encrypted is nowhere in the database in plain: not in its table, the history,
// the events, stored answers or anywhere else (PLT-15).
#include <map>
#include <set>

#include "common/crypto/digest.h"
#include "crm/customer/v1/contact_service.pb.h"
#include "crm/options/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "services/customer/activity_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

// A value for each encrypted field, by message and field: what is not here fails the test.
const std::map<std::string, std::string>& Secrets() {
  static const auto* const kSecrets = new std::map<std::string, std::string>{
      {"Customer.phone", "13987654321"},
      {"Customer.company_phone", "021-58887766"},
      {"Customer.bank_account", "6222020012345678901"},
      {"Customer.resident_id", "110101199003077571"},
      {"Customer.birthday", "1990-03-07"},
      {"Customer.email", "mi.mi@geheim.example"},
      {"Customer.address", "上海市浦东新区秘密路九十九号"},
      {"Customer.remark", "这是一条保密的备注内容"},
      {"Contact.phone", "13711112222"},
      {"Contact.email", "lian.xi@geheim.example"},
      {"Contact.wechat", "wechat_geheim_77"},
      {"Contact.birthday", "1985-11-23"},
      {"Contact.preferences", "喜欢安静的咖啡馆和龙井茶"},
      {"Interaction.content", "谈到了一个绝对保密的收购计划"},
      {"Purchase.ship_to", "杭州市西湖区保密大道一号仓库"}};
  return *kSecrets;
}

template <typename Message>
std::set<std::string> EncryptedFields() {
  std::set<std::string> names;
  const auto* const descriptor = Message::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto& options = descriptor->field(i)->options().GetExtension(crm::options::v1::field);
    if (options.encrypted()) names.insert(descriptor->field(i)->name());
  }
  return names;
}

template <typename Message>
void SetSecret(const std::string& field, Message& message) {
  const auto found = Secrets().find(absl::StrCat(Message::descriptor()->name(), ".", field));
  ASSERT_NE(found, Secrets().end()) << Message::descriptor()->name() << "." << field;
  message.GetReflection()->SetString(&message, Message::descriptor()->FindFieldByName(field),
                                     found->second);
}

template <typename Message>
void SetSecrets(const std::set<std::string>& fields, Message& message) {
  for (const std::string& field : fields) SetSecret(field, message);
}

class EncryptionAtRestTest : public ActivityTest {
 protected:
  v1::Customer CreateCustomer(const v1::Customer& customer) {
    v1::CreateCustomerRequest request;
    *request.mutable_customer() = customer;
    request.set_request_id(absl::StrCat("create-", static_cast<int>(customer.kind())));
    const auto created =
        Call<v1::Customer>(steward_, absl::StrCat(kCustomers, "CreateCustomer"), request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created.value_or(v1::Customer());
  }

  v1::Customer SecretPerson() {
    v1::Customer customer;
    customer.set_kind(v1::CUSTOMER_KIND_PERSON);
    customer.set_full_name("宓小月");
    customer.set_industry("F52");
    customer.set_tier(v1::TIER_POTENTIAL);
    std::set<std::string> fields = EncryptedFields<v1::Customer>();
    for (const char* const only_of_organizations : {"bank_account", "company_phone"}) {
      fields.erase(only_of_organizations);
    }
    SetSecrets(fields, customer);
    return CreateCustomer(customer);
  }

  v1::Customer SecretOrganization() {
    v1::Customer customer;
    customer.set_kind(v1::CUSTOMER_KIND_ORGANIZATION);
    customer.set_full_name("保密有限公司");
    customer.set_industry("I65");
    customer.set_tier(v1::TIER_NORMAL);
    customer.set_decision_maker("陈建国");
    customer.set_phone("13800138000");
    SetSecrets({"bank_account", "company_phone"}, customer);
    return CreateCustomer(customer);
  }

  // A change of a secret, so that the history and an event speak of it.
  void ChangeRemark(const std::string& number, const std::string& remark) {
    v1::UpdateCustomerRequest request;
    request.mutable_customer()->set_number(number);
    request.mutable_customer()->set_remark(remark);
    request.mutable_update_mask()->add_paths("remark");
    request.set_request_id("change-remark");
    const auto updated =
        Call<v1::Customer>(steward_, absl::StrCat(kCustomers, "UpdateCustomer"), request);
    ASSERT_TRUE(updated.ok()) << updated.status();
  }

  void SecretContact(const std::string& customer) {
    v1::CreateContactRequest request;
    request.mutable_contact()->set_customer(customer);
    request.mutable_contact()->set_name("连晓燕");
    SetSecrets(EncryptedFields<v1::Contact>(), *request.mutable_contact());
    request.set_request_id("contact");
    const auto created =
        Call<v1::Contact>(steward_, "crm.customer.v1.ContactService/CreateContact", request);
    ASSERT_TRUE(created.ok()) << created.status();
  }

  // "table.column" of every column of the schema that holds the bytes somewhere.
  std::vector<std::string> ColumnsWith(const std::string& bytes) {
    std::vector<std::string> found;
    for (const auto& [table, columns] : Tables()) {
      for (const std::string& column : columns) {
        const std::string sql = absl::StrCat("SELECT COUNT(*) FROM `", table,
                                             "` WHERE LOCATE(?, CAST(`", column, "` AS BINARY))");
        if (harness_.database().Int(sql, {bytes}) > 0) {
          found.push_back(absl::StrCat(table, ".", column));
        }
      }
    }
    return found;
  }

  const std::map<std::string, std::vector<std::string>>& Tables() {
    if (!tables_.empty()) return tables_;
    auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
    EXPECT_TRUE(db.ok());
    auto rows = (*db)->Select({"columns", R"sql(
      SELECT table_name, column_name FROM information_schema.columns
      WHERE table_schema = DATABASE())sql"},
                              {});
    EXPECT_TRUE(rows.ok());
    while (rows->Next()) tables_[rows->String(0)].push_back(rows->String(1));
    return tables_;
  }

 private:
  std::map<std::string, std::vector<std::string>> tables_;
};

// PLT-15
TEST_F(EncryptionAtRestTest, NoTableHoldsAnEncryptedValueInPlain) {
  const v1::Customer person = SecretPerson();
  ChangeRemark(person.number(), "另一条同样保密的备注");
  SecretContact(SecretOrganization().number());
  v1::Interaction visit = Visit(person.number(), Now());
  SetSecrets(EncryptedFields<v1::Interaction>(), visit);
  ASSERT_TRUE(Record(visit, steward_, "visit").ok());
  v1::Purchase order = Order(person.number(), "A-1", Now(), "100");
  SetSecrets(EncryptedFields<v1::Purchase>(), order);
  ASSERT_TRUE(Record(order, erp_, "order").ok());

  // The search finds what is not encrypted, and everything was written.
  EXPECT_THAT(ColumnsWith("宓小月"), Contains("customer.full_name"));
  for (const char* const table :
       {"customer", "contact", "interaction", "purchase", "outbox", "idempotency", "history"}) {
    EXPECT_GT(Rows(table), 0) << table;
  }
  for (const auto& [field, value] : Secrets()) {
    EXPECT_THAT(ColumnsWith(value), IsEmpty()) << field;
  }
  EXPECT_THAT(ColumnsWith("另一条同样保密的备注"), IsEmpty());
  EXPECT_THAT(ColumnsWith("+8613987654321"), IsEmpty());
}

// PLT-15: equality look-up is by keyed hash: whoever has the database only cannot try all numbers.
TEST_F(EncryptionAtRestTest, LookUpHashesAreKeyed) {
  const v1::Customer person = SecretPerson();
  v1::SearchCustomersRequest request;
  request.set_query(Secrets().at("Customer.phone"));
  const auto hits = Call<v1::SearchCustomersResponse>(
      steward_, absl::StrCat(kCustomers, "SearchCustomers"), request);
  ASSERT_TRUE(hits.ok()) << hits.status();
  ASSERT_EQ(hits->hits_size(), 1);
  EXPECT_EQ(hits->hits(0).customer().number(), person.number());

  for (const char* const phone : {"13987654321", "+8613987654321", "8613987654321", "4321"}) {
    const std::string unkeyed = crypto::Sha256(phone).substr(0, 16);
    EXPECT_THAT(ColumnsWith(unkeyed), IsEmpty()) << phone;
  }
}

// PLT-15: the same value of two customers does not look the same.
TEST_F(EncryptionAtRestTest, EqualValuesAreEncryptedDifferently) {
  const v1::Customer one = Person("王建国", "13800138001");
  const v1::Customer two = Person("李秀英", "13800138002");
  ChangeRemark(one.number(), "同一条备注");
  v1::UpdateCustomerRequest request;
  request.mutable_customer()->set_number(two.number());
  request.mutable_customer()->set_remark("同一条备注");
  request.mutable_update_mask()->add_paths("remark");
  ASSERT_TRUE(
      Call<v1::Customer>(steward_, absl::StrCat(kCustomers, "UpdateCustomer"), request).ok());
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(DISTINCT remark) FROM customer"), 2);
}

}  // namespace
}  // namespace crm::customer
