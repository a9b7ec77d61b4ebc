// Imports of contacts and products over gRPC, and what is the same for all kinds (CUS-27 to
// CUS-32).
#include <string>
#include <vector>

#include "services/customer/import/import_kinds_fixture.h"

namespace crm::customer::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

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

// CUS-4, CUS-29: what was known of the old number says nothing of the new one.
TEST_F(ImportKindsTest, AContactsNewPhoneIsUnconfirmed) {
  const v1::Customer cloud = Company("深圳市云帆科技有限公司", "13800138001");
  const auto import = [&](const char* phone) {
    return Import(SpecOf(v1::IMPORT_KIND_CONTACT),
                  absl::StrCat("客户编号,联系人姓名,手机号码,邮箱\n", cloud.number(), ",张晓明,",
                               phone, ",zhang@example.com\n"));
  };
  EXPECT_THAT(Counts(import("13900139001")), ElementsAre(1, 0, 0, 0, 0));
  SetPhoneReach(Contacts(cloud.number())[0].number(), v1::REACH_STATUS_UNREACHABLE);
  import("13900139001");
  EXPECT_EQ(Contacts(cloud.number())[0].phone_reach(), v1::REACH_STATUS_UNREACHABLE);
  import("13900139002");
  EXPECT_EQ(Contacts(cloud.number())[0].phone(), "13900139002");
  EXPECT_EQ(Contacts(cloud.number())[0].phone_reach(), v1::REACH_STATUS_UNCONFIRMED);
}

// CUS-4: a customer whom nothing reached is reachable again with a contact's new number, or a new
// contact, and only then.
TEST_F(ImportKindsTest, ContactsMakeCustomersReachable) {
  const v1::Customer cloud = Company("深圳市云帆科技有限公司", "13800138001");
  const v1::Customer other = Company("广州市海纳贸易有限公司", "13800138002");
  const auto import = [&](const v1::Customer& customer, const char* name, const char* phone) {
    return Import(SpecOf(v1::IMPORT_KIND_CONTACT),
                  absl::StrCat("客户编号,联系人姓名,手机号码,邮箱\n", customer.number(), ",", name,
                               ",", phone, ",zhang@example.com\n", other.number(),
                               ",李四,13900139009,li@example.com\n"));
  };
  const auto unreachable = [&] { return GetCustomer(cloud.number()).unreachable(); };
  const auto reach_nobody = [&] {
    for (const v1::Contact& contact : Contacts(cloud.number())) {
      SetPhoneReach(contact.number(), v1::REACH_STATUS_UNREACHABLE);
      SetEmailReach(contact.number(), v1::REACH_STATUS_UNREACHABLE);
    }
  };
  import(cloud, "张晓明", "13900139001");
  SetCustomerReach(cloud.number(), v1::REACH_STATUS_UNREACHABLE);
  SetCustomerReach(other.number(), v1::REACH_STATUS_UNREACHABLE);
  reach_nobody();
  ASSERT_TRUE(unreachable());
  import(cloud, "张晓明", "13900139001");
  EXPECT_TRUE(unreachable());
  EXPECT_EQ(import(cloud, "张晓明", "13900139002").rejected(), 0);
  EXPECT_FALSE(unreachable());

  reach_nobody();
  ASSERT_TRUE(unreachable());
  EXPECT_EQ(import(cloud, "张小红", "13900139003").created(), 1);
  EXPECT_FALSE(unreachable());
  EXPECT_FALSE(GetCustomer(other.number()).unreachable());
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

}  // namespace
}  // namespace crm::customer::import
