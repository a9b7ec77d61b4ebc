// What is kept of a customer, and what is refused (CUS-2, CUS-4, CUS-40), over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crm/customer/v1/product_service.pb.h"
#include "services/customer/customer_test_fixture.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using CustomerFactsTest = CustomerHandlersTest;

// CUS-14: a landline is no identity
TEST_F(CustomerFactsTest, TwoOrganizationsMayShareALandline) {
  const auto with_landline = [&](const char* name, const char* mobile, const char* landline) {
    v1::Customer customer = Organization(name, mobile);
    customer.set_company_phone(landline);
    return Create(customer);
  };
  const auto first = with_landline("广州甲公司", "13812345676", "020-88886666");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = with_landline("广州乙公司", "13812345677", "020 8888 6666");
  ASSERT_TRUE(second.ok()) << second.status();
  // CUS-14: but a steward has a look at them.
  ASSERT_TRUE(with_landline("广州丙公司", "13812345678", "020-88886666").ok());
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM duplicate_candidate"), 3);
  // Changing something else opens none.
  v1::Customer patch;
  patch.set_number(second->number());
  patch.set_tier(v1::TIER_KEY);
  ASSERT_TRUE(Update(patch, {"tier"}).ok());
  EXPECT_EQ(harness_.database().Int("SELECT COUNT(*) FROM duplicate_candidate"), 3);
}

// CUS-2: facts from public sources carry the field, the source and a date that has passed.
TEST_F(CustomerFactsTest, PublicFactsNameFieldSourceAndDate) {
  v1::Customer customer = Organization("广州甲公司", "13812345678");
  const auto add = [&](const char* field, const char* source, const char* date) {
    v1::PublicFact& fact = *customer.add_public_facts();
    fact.set_field(field);
    fact.set_source(source);
    fact.set_date(date);
  };
  add("scale", "国家企业信用信息公示系统", "2026-03-01");
  const auto created = Create(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(Get(created->number())->public_facts(0).source(), "国家企业信用信息公示系统");
  customer.clear_public_facts();
  customer.set_phone("13812345679");
  add("colour", "年报", "2026-03-01");
  add("gender", "年报", "2026-03-01");
  add("owner", "年报", "2026-03-21");
  EXPECT_THAT(Violations(Create(customer).status()),
              UnorderedElementsAre("customer.public_facts[0].field FIELD_UNKNOWN",
                                   "customer.public_facts[1].field FIELD_UNKNOWN",
                                   "customer.public_facts[2].date DATE_IN_FUTURE"));
  customer.clear_public_facts();
  add("scale", "", "");
  EXPECT_THAT(Violations(Create(customer).status()),
              UnorderedElementsAre("customer.public_facts[0].source REQUIRED",
                                   "customer.public_facts[0].date REQUIRED"));
}

// CUS-2: a bank account is highly sensitive: masked even for the owner, kept out of history and
// events.
TEST_F(CustomerFactsTest, BankAccountsAreMaskedForEverybody) {
  v1::Customer customer = Organization("广州甲公司", "13812345678");
  customer.set_bank_account("6222021234567890123");
  const std::string seller = harness_.TokenOf("u1", {"sales_representative"}, "t1");
  const auto created = Create(customer, "", seller);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_NE(created->bank_account(), "6222021234567890123");
  EXPECT_EQ(Get(created->number(), seller)->bank_account(), created->bank_account());
  for (const char* place : {"outbox WHERE INSTR(payload, '6222021234567890123')",
                            "customer WHERE INSTR(bank_account, '6222021234567890123')"}) {
    EXPECT_EQ(harness_.database().Int(absl::StrCat("SELECT COUNT(*) FROM ", place)), 0) << place;
  }
}

// CUS-2: an age is computed from the birthday, else kept with the date on which it was given; a
// remark has at most 100 characters.
TEST_F(CustomerFactsTest, AgesComeFromTheBirthdayOrAreDated) {
  v1::Customer person = Person("张三丰", "13812345678");
  person.set_birthday("1990-03-21");
  person.set_age(50);
  const auto born = Create(person);
  ASSERT_TRUE(born.ok()) << born.status();
  EXPECT_EQ(born->age(), 35);
  EXPECT_EQ(born->age_as_of(), "");
  person = Person("李秀英", "13812345679");
  person.set_age(40);
  const auto told = Create(person);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->age_as_of(), "2026-03-20");
  person.set_phone("13812345670");
  std::string remark;
  for (int i = 0; i < 101; ++i) remark += "注";
  person.set_remark(remark);
  EXPECT_THAT(Violations(Create(person).status()), ElementsAre("customer.remark TEXT_TOO_LONG"));
}

// CUS-4, CUS-14: a phone recognises its customer: a person's mobile, or the decision maker's. The
// landline of an organisation is its company phone.
TEST_F(CustomerFactsTest, ALandlineIsNobodysPhone) {
  v1::Customer organization = Organization("广州甲公司", "020-88886666");
  const auto refused = Create(organization);
  EXPECT_THAT(Violations(refused.status()), ElementsAre("customer.phone PHONE_LANDLINE"));
  organization.clear_phone();
  organization.set_company_phone("020-88886666");
  EXPECT_THAT(Violations(Create(organization).status()), ElementsAre("customer.phone REQUIRED"));
  organization.set_phone("+852 5123 4567");
  const auto created = Create(organization);
  ASSERT_TRUE(created.ok()) << created.status();
  v1::Customer patch;
  patch.set_number(created->number());
  patch.set_phone("020-88886666");
  EXPECT_THAT(Violations(Update(patch, {"phone"}).status()),
              ElementsAre("customer.phone PHONE_LANDLINE"));
  EXPECT_THAT(Violations(Create(Person("张三丰", "020-88886666")).status()),
              ElementsAre("customer.phone PHONE_LANDLINE"));
}

// CUS-40: products of interest are codes; unknown names stay and are listed for mapping.
TEST_F(CustomerFactsTest, ProductsOfInterestAreMapped) {
  v1::CreateProductRequest product;
  product.mutable_product()->set_code("P-100");
  product.mutable_product()->set_name_zh("智能网关");
  product.mutable_product()->set_kind(v1::PRODUCT_KIND_PRODUCT);
  ASSERT_TRUE((harness_
                   .Call<v1::CreateProductRequest, v1::Product>(
                       steward_, "crm.customer.v1.ProductService/CreateProduct", product)
                   .ok()));
  v1::Customer customer = Organization("广州甲公司", "13812345678");
  customer.add_products_of_interest("智能 网关");
  customer.add_products_of_interest("P-100");
  customer.add_products_of_interest("边缘盒子");
  const auto created = Create(customer);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_THAT(created->products_of_interest(), ElementsAre("P-100", "边缘盒子"));
  EXPECT_EQ(List("products_of_interest:\"P-100\"")->customers_size(), 1);
  EXPECT_EQ(
      harness_.database().Int("SELECT COUNT(*) FROM unmapped_product WHERE source = 'customer'"),
      1);
}

}  // namespace
}  // namespace crm::customer
