// Imports of contacts, interactions, purchases and products over gRPC (CUS-27 to CUS-32).
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
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

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

constexpr char kCreditCode[] = "91440300708461136T";

// CUS-40, CUS-28: messy headers and values, complements of later rows, services told by their name.
TEST_F(ImportKindsTest, ProductsAreImported) {
  const v1::ImportJob job =
      Import(SpecOf(v1::IMPORT_KIND_PRODUCT),
             " 产品编号 ,商品名称,英文名,类别,搭配产品,毛利率(%),是否在售,单价\n"
             "P001,　智能控制器 ,Smart controller,硬件,P002、年度维保服务,３５.5,√,1280\n"
             "P002,工业传感器,,硬件,,未知,下架,360\n"
             "P003,年度维保服务,Yearly maintenance,服务,,20,是,3000\n");
  EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
  EXPECT_THAT(Counts(job), ElementsAre(3, 0, 0, 0, 0)) << job.ShortDebugString();
  EXPECT_EQ(job.report().columns(7).origin(), v1::ImportColumn::ORIGIN_UNMAPPED);
  const std::vector<v1::Product> products = Products();
  ASSERT_EQ(products.size(), 3u);
  EXPECT_EQ(products[0].name_zh(), "智能控制器");
  EXPECT_EQ(products[0].margin(), "35.50");
  EXPECT_THAT(products[0].complements(), ElementsAre("P002", "P003"));
  EXPECT_TRUE(products[0].active());
  EXPECT_EQ(products[0].kind(), v1::PRODUCT_KIND_PRODUCT);
  EXPECT_FALSE(products[1].active());
  EXPECT_EQ(products[2].kind(), v1::PRODUCT_KIND_SERVICE);
  EXPECT_EQ(Cleanings(job)["kind_guessed"], 3);
  EXPECT_EQ(job.verification().rows(), 3);
  EXPECT_EQ(job.verification().accuracy(), 1.0);
}

// CUS-29: a code that is there, by each policy.
TEST_F(ImportKindsTest, ProductsThatAreThereFollowThePolicy) {
  constexpr char kHead[] = "产品编码,产品名称,分类,毛利率\n";
  Import(SpecOf(v1::IMPORT_KIND_PRODUCT), absl::StrCat(kHead, "P001,控制器,,30\n"));
  harness_.clock().Advance(absl::Minutes(1));
  const std::string again = absl::StrCat(kHead, "p001,新控制器,硬件,40\n");

  v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_PRODUCT, v1::DUPLICATE_POLICY_REJECT), again);
  EXPECT_THAT(Rules(job), ElementsAre("2 code DUPLICATE"));
  job = Import(SpecOf(v1::IMPORT_KIND_PRODUCT, v1::DUPLICATE_POLICY_SKIP), again);
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 1, 0));
  EXPECT_EQ(job.report().duplicates_in_archive(), 1);
  job = Import(SpecOf(v1::IMPORT_KIND_PRODUCT, v1::DUPLICATE_POLICY_FILL_BLANKS), again);
  EXPECT_THAT(Counts(job), ElementsAre(0, 1, 0, 0, 0));
  EXPECT_EQ(Products()[0].name_zh(), "控制器");
  EXPECT_EQ(Products()[0].category(), "硬件");
  job = Import(SpecOf(v1::IMPORT_KIND_PRODUCT), again);
  EXPECT_THAT(Counts(job), ElementsAre(0, 1, 0, 0, 0));
  EXPECT_EQ(Products()[0].code(), "P001");
  EXPECT_EQ(Products()[0].name_zh(), "新控制器");
  EXPECT_EQ(Products()[0].margin(), "40.00");
  job = Import(SpecOf(v1::IMPORT_KIND_PRODUCT), again);
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 1, 0));
}

// CUS-40: what a row does not say stays.
TEST_F(ImportKindsTest, ComplementsOfProductsThatAreThereStay) {
  Import(SpecOf(v1::IMPORT_KIND_PRODUCT),
         "产品编码,产品名称,搭配产品\nP001,控制器,\nP002,网关,P001\n");
  const v1::ImportJob job =
      Import(SpecOf(v1::IMPORT_KIND_PRODUCT), "产品编码,产品名称\nP002,新网关\n");
  EXPECT_EQ(job.updated() + job.merged(), 1) << job.ShortDebugString();
  const std::vector<v1::Product> products = Products();
  ASSERT_EQ(products.size(), 2u);
  EXPECT_EQ(products[1].name_zh(), "新网关");
  EXPECT_THAT(products[1].complements(), ElementsAre("P001"));
}

// CUS-30, CUS-40
TEST_F(ImportKindsTest, ProductsAreRefusedWithAReason) {
  const std::string content =
      "产品编码,产品名称,搭配产品,毛利率,在售\n"
      "P001,控制器,,30,是\n"
      ",无编码,,,\n"
      "P002,控制器,,,\n"
      "P003,传感器,没有的产品,,\n"
      "P004,网关,P004,,\n"
      "P005,软件,,很高,\n"
      "P006,模块,,,也许\n"
      "P001,控制器二代,,,\n";
  v1::ImportSpec spec = SpecOf(v1::IMPORT_KIND_PRODUCT);
  const v1::ImportJob job = Import(spec, content);
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 1, 0, 6)) << job.ShortDebugString();
  EXPECT_THAT(Rules(job),
              ElementsAre("3 code REQUIRED", "4 name_zh PRODUCT_NAME_TAKEN",
                          "5 complements PRODUCT_UNKNOWN", "6 complements COMPLEMENT_ITSELF",
                          "7 margin DECIMAL_FORMAT", "8 active YES_OR_NO"));
  EXPECT_EQ(Products()[0].name_zh(), "控制器二代");
  EXPECT_EQ(job.report().duplicates_in_file(), 1);
  const std::string rejected = Rejected(job.number());
  EXPECT_THAT(rejected, HasSubstr("没有的产品"));
  EXPECT_THAT(rejected, HasSubstr("PRODUCT_UNKNOWN"));

  // What a row can do without is left out.
  spec.set_missing(v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  const v1::ImportJob lenient = Import(spec, content);
  EXPECT_EQ(lenient.created(), 4) << lenient.ShortDebugString();
  EXPECT_EQ(lenient.rejected(), 2);
  EXPECT_EQ(lenient.report().values_left_out(), 4);
}

// CUS-13, CUS-27: joined by credit code, by name, by the organisation's phone and by number.
TEST_F(ImportKindsTest, ContactsAreJoinedToTheirOrganisation) {
  const v1::Customer cloud = Company("深圳市云帆科技有限公司", "13800138001", kCreditCode);
  const v1::Customer gear = Company("上海齿轮机械有限公司", "13800138002");
  const v1::ImportJob job = Import(
      SpecOf(v1::IMPORT_KIND_CONTACT),
      absl::StrCat(
          "公司名称,统一社会信用代码,客户电话,客户编号,联系人姓名,职务,手机号码,邮箱,是否决策人,"
          "主要联系人\n"
          "云帆科技,",
          kCreditCode,
          ",,,张晓明,采购经理,139-0013-9001,ZHANG@Example.COM,是,是\n"
          "上海齿轮机械有限公司,,,,李红,,0755-8888 8888,,否,\n",
          ",,+86 138 0013 8001,,赵刚,工程师,１３９００１３９００３,,,\n"
          ",,,",
          gear.number(), ",钱多多,财务,13900139004,,,√\n"));
  EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED);
  EXPECT_THAT(Counts(job), ElementsAre(4, 0, 0, 0, 0)) << job.ShortDebugString();
  std::vector<v1::Contact> contacts = Contacts(cloud.number());
  ASSERT_EQ(contacts.size(), 2u);
  EXPECT_EQ(contacts[0].name(), "张晓明");
  EXPECT_EQ(contacts[0].email(), "ZHANG@example.com");
  EXPECT_EQ(contacts[0].role(), v1::CONTACT_ROLE_DECISION_MAKER);
  EXPECT_TRUE(contacts[0].is_primary());
  EXPECT_EQ(contacts[1].name(), "赵刚");
  contacts = Contacts(gear.number());
  ASSERT_EQ(contacts.size(), 2u);
  EXPECT_EQ(contacts[0].role(), v1::CONTACT_ROLE_UNSPECIFIED);
  EXPECT_FALSE(contacts[0].is_primary());
  EXPECT_TRUE(contacts[1].is_primary());
  // Mobiles are identities now, the landline is none.
  EXPECT_EQ(Count("customer_identity WHERE contact_id IS NOT NULL"), 3);
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
}

// CUS-29: the same phone, or the same name and email; the primary contact changes hands.
TEST_F(ImportKindsTest, ContactsThatAreThereFollowThePolicy) {
  const v1::Customer cloud = Company("深圳市云帆科技有限公司", "13800138001");
  constexpr char kHead[] = "客户名称,联系人,职务,手机,邮箱,微信,主要联系人\n";
  const std::string name = cloud.full_name();
  Import(SpecOf(v1::IMPORT_KIND_CONTACT),
         absl::StrCat(kHead, name, ",张晓明,经理,13900139001,z@example.com,,是\n"));
  harness_.clock().Advance(absl::Minutes(1));
  const std::string again =
      absl::StrCat(kHead, name, ",张晓明,总监,13900139001,,zxm,\n",     // the same phone
                   name, ",李红,助理,13900139002,l@example.com,,是\n",  // new, primary
                   name, ",李红,秘书,,l@example.com,,\n");              // the same name and email

  v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_CONTACT, v1::DUPLICATE_POLICY_REJECT), again);
  EXPECT_THAT(Rules(job), ElementsAre("2 phone DUPLICATE", "4 name DUPLICATE"));
  EXPECT_EQ(job.created(), 1);
  std::vector<v1::Contact> contacts = Contacts(cloud.number());
  ASSERT_EQ(contacts.size(), 2u);
  EXPECT_FALSE(contacts[0].is_primary());
  EXPECT_TRUE(contacts[1].is_primary());

  job = Import(SpecOf(v1::IMPORT_KIND_CONTACT, v1::DUPLICATE_POLICY_FILL_BLANKS), again);
  EXPECT_EQ(job.rejected(), 0);
  contacts = Contacts(cloud.number());
  EXPECT_EQ(contacts[0].title(), "经理");
  EXPECT_EQ(contacts[0].wechat(), "zxm");

  job = Import(SpecOf(v1::IMPORT_KIND_CONTACT), again);
  EXPECT_EQ(job.rejected(), 0);
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
  contacts = Contacts(cloud.number());
  ASSERT_EQ(contacts.size(), 2u);
  EXPECT_EQ(contacts[0].title(), "总监");
  EXPECT_EQ(contacts[1].title(), "秘书");

  // An existing contact takes the primary flag back from another.
  job = Import(SpecOf(v1::IMPORT_KIND_CONTACT),
               absl::StrCat(kHead, name, ",张晓明,,13900139001,,,是\n"));
  EXPECT_EQ(job.updated(), 1) << job.ShortDebugString();
  contacts = Contacts(cloud.number());
  EXPECT_TRUE(contacts[0].is_primary());
  EXPECT_FALSE(contacts[1].is_primary());
}

// CUS-30, CUS-14
TEST_F(ImportKindsTest, ContactsAreRefusedWithAReason) {
  const v1::Customer cloud = Company("深圳市云帆科技有限公司", "13800138001");
  const v1::Customer gear = Company("上海齿轮机械有限公司", "13800138002");
  const v1::Customer twin = Company("上海齿轮机械有限公司", "13800138003");
  Person("王小明", "13800138009");
  const v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_CONTACT),
                                   absl::StrCat("公司名称,客户编号,客户手机,联系人,手机,邮箱,生日\n"
                                                "不存在的公司,,,张三丰,13900139001,,\n"
                                                ",,,张三丰,13900139001,,\n"
                                                "上海齿轮机械有限公司,,,张三丰,13900139001,,\n"
                                                ",",
                                                cloud.number(),
                                                ",13800138002,张三丰,13900139001,,\n"
                                                ",,13800138009,张三丰,13900139001,,\n"
                                                ",",
                                                cloud.number(),
                                                ",,张三丰,13800138002,,\n"
                                                ",",
                                                cloud.number(),
                                                ",,,13900139001,,\n"
                                                ",",
                                                cloud.number(),
                                                ",,张先生,13900139001,,\n"
                                                ",",
                                                cloud.number(),
                                                ",,张三丰,1390013,,\n"
                                                ",",
                                                cloud.number(),
                                                ",,张三丰,13900139001,not an email,\n"
                                                ",",
                                                cloud.number(),
                                                ",,张三丰,13900139001,,2999-01-01\n"
                                                ",CRM404,,张三丰,13900139001,,\n"));
  EXPECT_EQ(job.rejected(), 12) << job.ShortDebugString();
  EXPECT_THAT(Rules(job),
              ElementsAre("2 customer_name CUSTOMER_UNKNOWN", "3  CUSTOMER_MISSING",
                          "4 customer_name CUSTOMER_AMBIGUOUS", "5 customer CUSTOMER_CONFLICT",
                          "6 customer_phone CUSTOMER_NOT_ORGANIZATION", "7 phone IDENTITY_TAKEN",
                          "8 name REQUIRED", HasSubstr("9 name "), HasSubstr("10 phone "),
                          HasSubstr("11 email "), "12 birthday DATE_IN_FUTURE",
                          "13 customer CUSTOMER_UNKNOWN"));
  for (const v1::ImportIssue& issue : Issues(job.number())) {
    EXPECT_THAT(issue.value(), Not(HasSubstr("13800138002")));
  }
  EXPECT_EQ(Count("contact"), 0);
}

// CUS-18, CUS-27: rows keep their own time; the customer follows, and nothing moves backwards.
TEST_F(ImportKindsTest, InteractionsAreImported) {
  const v1::Customer customer = Person("王建国", "13800138001");
  const v1::ImportJob job =
      Import(SpecOf(v1::IMPORT_KIND_INTERACTION),
             absl::StrCat("客户名称,手机号码,跟进时间,跟进方式,跟进内容,跟进人,咨询产品,下一步行动,"
                          "跟进结果\n"
                          "王建国,138 0013 8001,",
                          Yesterday(),
                          " 10:30,微信,询问产品报价,sales1,"
                          "激光9000、控制器,报价,有意向\n"
                          "王建国,13800138001,2024年3月1日 9时05分,上门拜访,初次拜访,sales2,,无,"
                          "一般\n"));
  EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
  EXPECT_THAT(Counts(job), ElementsAre(2, 0, 0, 0, 0)) << job.ShortDebugString();
  EXPECT_THAT(job.report().unknown_products(), UnorderedElementsAre("激光9000", "控制器"));
  EXPECT_EQ(Count("unmapped_product WHERE source = '" + job.number() + "'"), 2);
  const std::vector<v1::Interaction> interactions = Interactions(customer.number());
  ASSERT_EQ(interactions.size(), 2u);
  EXPECT_EQ(interactions[0].method(), "chat");
  EXPECT_EQ(interactions[0].next_action(), "quote");
  EXPECT_EQ(interactions[0].entered_via(), job.number());
  EXPECT_EQ(interactions[1].content(), "初次拜访");
  // 09:05 of the business zone, which is UTC+8.
  EXPECT_EQ(TimeOf(interactions[1].time()),
            absl::FromCivil(absl::CivilMinute(2024, 3, 1, 1, 5), absl::UTCTimeZone()));
  const v1::Customer after = GetCustomer(customer.number());
  EXPECT_EQ(after.last_contact_by(), "sales1");
  EXPECT_EQ(after.last_result(), "有意向");
  EXPECT_EQ(after.first_contact_date(), "2024-03-01");
  EXPECT_EQ(after.activity_level(), v1::LEVEL_HIGH);
  EXPECT_EQ(after.follow_up_status(), v1::FOLLOW_UP_STATUS_FOLLOWING);
  EXPECT_EQ(job.verification().rows(), 2);
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
}

// CUS-31: the same records again, as they come back after an outage, change nothing.
TEST_F(ImportKindsTest, InteractionsThatAreThereAreSkipped) {
  const v1::Customer customer = Person("王建国", "13800138001");
  const std::string row = absl::StrCat("13800138001,", Yesterday(), " 10:30,回访\n");
  const std::string content = absl::StrCat("手机号码,时间,内容\n", row, row);
  v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_INTERACTION), content);
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 0, 1, 0)) << job.ShortDebugString();
  EXPECT_EQ(job.report().duplicates_in_file(), 1);
  job = Import(SpecOf(v1::IMPORT_KIND_INTERACTION), content);
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 2, 0));
  EXPECT_EQ(job.report().duplicates_in_archive(), 2);
  job = Import(SpecOf(v1::IMPORT_KIND_INTERACTION, v1::DUPLICATE_POLICY_REJECT), content);
  EXPECT_EQ(job.rejected(), 2);
  EXPECT_EQ(Count("interaction"), 1);
}

// CUS-18: the contact by number or name.
TEST_F(ImportKindsTest, InteractionsNameContacts) {
  const v1::Customer cloud = Company("深圳市云帆科技有限公司", "13800138001");
  Import(SpecOf(v1::IMPORT_KIND_CONTACT),
         "客户名称,联系人,手机\n深圳市云帆科技有限公司,张晓明,13900139001\n");
  const v1::Contact contact = Contacts(cloud.number()).at(0);
  const std::string content = absl::StrCat("公司名称,联系人,时间,内容\n",
                                           "深圳市云帆科技有限公司,张晓明,2024-03-01,甲\n"
                                           "深圳市云帆科技有限公司,",
                                           contact.number(),
                                           ",2024-03-02,乙\n"
                                           "深圳市云帆科技有限公司,李不在,2024-03-03,丙\n");
  v1::ImportSpec spec = SpecOf(v1::IMPORT_KIND_INTERACTION);
  const v1::ImportJob job = Import(spec, content);
  EXPECT_EQ(job.created(), 2);
  EXPECT_THAT(Rules(job), ElementsAre("4 contact CONTACT_UNKNOWN"));
  EXPECT_THAT(Issues(job.number())[0].value(), Not(HasSubstr("不在")));
  for (const v1::Interaction& interaction : Interactions(cloud.number())) {
    EXPECT_EQ(interaction.contact(), contact.number());
  }
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();
  spec.set_missing(v1::MISSING_POLICY_ACCEPT_INCOMPLETE);
  EXPECT_EQ(Import(spec, content).created(), 1);
}

// CUS-30
TEST_F(ImportKindsTest, InteractionsAreRefusedWithAReason) {
  Person("王建国", "13800138001");
  const v1::ImportJob job =
      Import(SpecOf(v1::IMPORT_KIND_INTERACTION),
             "客户名称,手机号码,时间,方式,内容,下一步行动,下次跟进时间,跟进方式\n"
             ",13800138002,2024-03-01,,甲,,,\n"
             "王建国,,2024-03-01,,甲,,,\n"
             ",13800138001,,,甲,,,\n"
             ",13800138001,2024-03-01,,,,,\n"
             ",13800138001,03/01/24,,甲,,,\n"
             ",13800138001,2999-01-01,,甲,,,\n"
             ",13800138001,2024-03-01,,甲,,2024-03-05,\n"
             ",13800138001,2024-03-01,,甲,报价,2024-02-05,\n"
             ",13800138001,2024-03-01,,甲,,,心灵感应\n"
             ",1380,2024-03-01,,甲,,,\n");
  EXPECT_EQ(job.rejected(), 10) << job.ShortDebugString();
  EXPECT_THAT(Rules(job),
              ElementsAre("2 customer_phone CUSTOMER_UNKNOWN", "3 customer_name CUSTOMER_UNKNOWN",
                          "4 time REQUIRED", "5 content REQUIRED", "6 time DATE_AMBIGUOUS",
                          "7 time TIME_IN_FUTURE", "8 next_action_due DUE_WITHOUT_ACTION",
                          "9 next_action_due DUE_BEFORE_INTERACTION", "10 method NOT_IN_LIST",
                          HasSubstr("11 customer_phone ")));
  EXPECT_EQ(Count("interaction"), 0);
  EXPECT_EQ(
      Import(SpecOf(v1::IMPORT_KIND_INTERACTION), "时间,内容\n2024-03-01,甲\n").error_reason(),
      "COLUMN_MISSING");
  EXPECT_EQ(Import(SpecOf(v1::IMPORT_KIND_INTERACTION), "手机号码,内容\n1,甲\n").error_reason(),
            "COLUMN_MISSING");
}

// CUS-20, CUS-7: several products of an order, a header in 万元, sums, stage and dates of the
// customer.
TEST_F(ImportKindsTest, PurchasesAreImported) {
  Import(SpecOf(v1::IMPORT_KIND_PRODUCT), "产品编码,产品名称\nP001,智能控制器\n");
  const v1::Customer customer = Person("王建国", "13800138001");
  v1::ImportSpec spec = SpecOf(v1::IMPORT_KIND_PURCHASE);
  v1::FieldDefault& system = *spec.add_defaults();
  system.set_field("source_system");
  system.set_value("erp");
  const v1::ImportJob job =
      Import(spec, absl::StrCat("订单号,手机号码,产品,数量,金额（万元）,下单时间,渠道\n"
                                "SO1,13800138001,智能 控制器,2台,0.25,2024/3/1 10:00,官网\n"
                                "SO1,13800138001,神秘模块,\"1,000\",1.5,2024/3/1 10:00,官网\n"
                                "SO2,13800138001,P001,1,12,",
                                Yesterday(),
                                ",门店\n"
                                "SO1,13800138001,智能 控制器,2台,0.25,2024/3/1 10:00,官网\n"));
  EXPECT_EQ(job.state(), v1::IMPORT_STATE_SUCCEEDED) << job.ShortDebugString();
  EXPECT_THAT(Counts(job), ElementsAre(2, 0, 1, 1, 0)) << job.ShortDebugString();
  EXPECT_THAT(job.report().unknown_products(), ElementsAre("神秘模块"));
  EXPECT_EQ(Cleanings(job)["unit"], 4);
  const std::vector<v1::Purchase> purchases = Purchases(customer.number());
  ASSERT_EQ(purchases.size(), 2u);
  EXPECT_EQ(purchases[0].amount(), "120000.00");
  EXPECT_EQ(purchases[0].items(0).product_code(), "P001");
  EXPECT_EQ(purchases[1].source_system(), "erp");
  EXPECT_EQ(purchases[1].order_number(), "SO1");
  EXPECT_EQ(purchases[1].amount(), "17500.00");
  EXPECT_EQ(purchases[1].channel(), "website");
  ASSERT_EQ(purchases[1].items_size(), 2);
  EXPECT_EQ(purchases[1].items(0).product_code(), "P001");
  EXPECT_EQ(purchases[1].items(0).quantity(), "2");
  EXPECT_EQ(purchases[1].items(1).quantity(), "1000");
  const v1::Customer after = GetCustomer(customer.number());
  EXPECT_EQ(after.total_amount(), "137500.00");
  EXPECT_EQ(after.order_count(), 2);
  EXPECT_EQ(after.first_purchase_date(), "2024-03-01");
  EXPECT_EQ(after.last_purchase_date(), Yesterday());
  EXPECT_EQ(after.stage(), v1::STAGE_ACTIVE);
  EXPECT_EQ(job.verification().rows(), 3);
  EXPECT_EQ(job.verification().accuracy(), 1.0) << job.verification().ShortDebugString();

  // The same file again changes nothing.
  const v1::ImportJob again = Import(spec,
                                     "订单号,手机号码,产品,数量,金额（万元）,下单时间,渠道\n"
                                     "SO1,13800138001,智能 控制器,2,0.25,2024-03-01 10:00,官网\n"
                                     "SO1,13800138001,神秘模块,1000,1.5,2024-03-01 10:00,官网\n");
  EXPECT_THAT(Counts(again), ElementsAre(0, 0, 0, 2, 0)) << again.ShortDebugString();
  EXPECT_EQ(GetCustomer(customer.number()).total_amount(), "137500.00");
}

// CUS-20, CUS-30
TEST_F(ImportKindsTest, PurchasesAreRefusedWithAReason) {
  Person("王建国", "13800138001");
  Person("李红", "13800138002");
  constexpr char kHead[] = "订单号,手机号码,订单金额,产品,数量,单价,小计,下单时间\n";
  Import(SpecOf(v1::IMPORT_KIND_PURCHASE),
         absl::StrCat(kHead, "SO0,13800138001,100,,,,,2024-03-01\n"));
  const std::string content =
      absl::StrCat(kHead,
                   "SO0,13800138001,200,,,,,2024-03-01\n"   // another content
                   "SO1,13800138003,100,,,,,2024-03-01\n"   // no such customer
                   ",13800138001,100,,,,,2024-03-01\n"      // no order number
                   "SO2,13800138001,,模块,,,,2024-03-01\n"  // no amount
                   "SO3,13800138001,100,,,,,2999-03-01\n"   // in the future
                   "SO4,13800138001,-100,,,,,2024-03-01\n"  // negative
                   "SO5,13800138001,100,模块,很多,,,2024-03-01\n"
                   "SO6,13800138001,100,模块,,,60,2024-03-01\n"
                   "SO6,13800138002,100,网关,,,40,2024-03-01\n"  // another customer
                   "SO6,13800138001,90,网关,,,40,2024-03-01\n"   // another amount
                   "SO6,13800138001,100,网关,,,40,2024-03-01\n");
  v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_PURCHASE), content);
  EXPECT_THAT(Counts(job), ElementsAre(1, 0, 1, 0, 9)) << job.ShortDebugString();
  EXPECT_THAT(Rules(job),
              ElementsAre("2 order_number ORDER_DIFFERS", "3 customer_phone CUSTOMER_UNKNOWN",
                          "4 order_number REQUIRED", "5 amount REQUIRED", "6 time TIME_IN_FUTURE",
                          "7 amount NUMBER_TOO_SMALL", "8 quantity QUANTITY_FORMAT",
                          "10 customer_phone ORDER_ROWS_DIFFER", "11 amount ORDER_ROWS_DIFFER"));
  job = Import(SpecOf(v1::IMPORT_KIND_PURCHASE, v1::DUPLICATE_POLICY_SKIP),
               absl::StrCat(kHead, "SO0,13800138001,200,,,,,2024-03-01\n"));
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 1, 0));
  EXPECT_EQ(Count("purchase"), 2);
}

// CUS-20: an order's rows stay together where a batch is full.
TEST_F(ImportKindsTest, OrdersAreNotTornAtTheEndOfABatch) {
  const v1::Customer customer = Person("王建国", "13800138001");
  std::string content = "订单号,手机号码,产品,金额,下单时间\n";
  for (int i = 0; i < 600; ++i) {
    // Orders of 150 products: the fourth spans the 500th row.
    absl::StrAppend(&content, "SO", i / 150, ",13800138001,产品", i, ",1,2024-03-01\n");
  }
  const v1::ImportJob job = Import(SpecOf(v1::IMPORT_KIND_PURCHASE), content);
  EXPECT_THAT(Counts(job), ElementsAre(4, 0, 596, 0, 0)) << job.ShortDebugString();
  EXPECT_EQ(GetCustomer(customer.number()).total_amount(), "600.00");
}

// CUS-30: a dry run tells the same and writes nothing, also of what later rows would meet.
TEST_F(ImportKindsTest, DryRunWritesNothing) {
  Company("深圳市云帆科技有限公司", "13800138001");
  struct Case {
    v1::ImportKind kind;
    std::string content;
    std::string table;
  };
  const Case cases[] = {
      {v1::IMPORT_KIND_PRODUCT, "产品编码,产品名称\nP001,控制器\nP001,控制器\n,坏\n", "product"},
      {v1::IMPORT_KIND_CONTACT,
       "客户手机,联系人,手机\n13800138001,张晓明,13900139001\n13800138001,张晓明,13900139001\n"
       "13800138001,,\n",
       "contact"},
      {v1::IMPORT_KIND_INTERACTION,
       "手机号码,时间,内容\n13800138001,2024-03-01,甲\n13800138001,2024-03-01,甲\n"
       "13800138001,,甲\n",
       "interaction"},
      {v1::IMPORT_KIND_PURCHASE,
       "手机号码,订单号,订单金额,时间,下单时间\n13800138001,SO1,1,,2024-03-01\n"
       "13800138001,SO1,1,,2024-03-01\n13800138001,,1,,2024-03-01\n",
       "purchase"},
  };
  for (const Case& each : cases) {
    v1::ImportSpec spec = SpecOf(each.kind);
    spec.set_dry_run(true);
    const v1::ImportJob dry = Import(spec, each.content);
    EXPECT_EQ(dry.state(), v1::IMPORT_STATE_SUCCEEDED) << dry.ShortDebugString();
    EXPECT_EQ(dry.created(), 1) << dry.ShortDebugString();
    EXPECT_EQ(dry.rejected(), 1);
    EXPECT_EQ(Count(each.table), 0);
    spec.set_dry_run(false);
    const v1::ImportJob wet = Import(spec, each.content);
    EXPECT_EQ(Counts(wet), Counts(dry)) << wet.ShortDebugString();
    EXPECT_EQ(Rules(wet), Rules(dry));
    EXPECT_EQ(Count(each.table), 1);
  }
}

// PLT-13
TEST_F(ImportKindsTest, OnlyThoseWhoMayImportDo) {
  const std::string seller = harness_.TokenOf("u1", {"sales_representative"}, "t1");
  for (const v1::ImportKind kind : {v1::IMPORT_KIND_CONTACT, v1::IMPORT_KIND_INTERACTION,
                                    v1::IMPORT_KIND_PURCHASE, v1::IMPORT_KIND_PRODUCT}) {
    client::CallOptions options;
    options.token = seller;
    auto stream = harness_.replica().channel().ClientStream(
        absl::StrCat("/", kService, "CreateImport"), options);
    v1::CreateImportRequest request;
    *request.mutable_spec() = SpecOf(kind);
    stream.Write(request);
    v1::ImportJob job;
    EXPECT_EQ(stream.Finish(job).code(), absl::StatusCode::kPermissionDenied);
  }
}

// CUS-32: what was changed in the archive behind the import's back is found.
TEST_F(ImportKindsTest, SampleShowsWhatDiffers) {
  const v1::Customer customer = Person("王建国", "13800138001");
  const v1::ImportJob job =
      Import(SpecOf(v1::IMPORT_KIND_PURCHASE),
             "订单号,手机号码,产品,数量,小计,下单时间\nSO1,13800138001,模块,2,100,2024-03-01\n");
  ASSERT_EQ(job.verification().fields(), 5) << job.verification().ShortDebugString();
  EXPECT_EQ(job.verification().equal_fields(), 5);
  harness_.database().Run("UPDATE purchase SET time = time + 1000000, items = '[]'");
  v1::GetImportSampleRequest request;
  request.set_import(job.number());
  const auto sample = Call<v1::GetImportSampleResponse>("GetImportSample", request);
  ASSERT_TRUE(sample.ok()) << sample.status();
  ASSERT_EQ(sample->rows_size(), 1);
  EXPECT_EQ(sample->rows(0).resource(), Purchases(customer.number()).at(0).number());
  std::vector<std::string> different;
  for (const v1::ImportSampleField& field : sample->rows(0).fields()) {
    if (!field.equal()) different.push_back(field.field());
  }
  EXPECT_THAT(different, UnorderedElementsAre("product_name", "quantity", "item_amount", "time"));
}

}  // namespace
}  // namespace crm::customer::import
