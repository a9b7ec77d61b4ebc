// Imports of interactions and purchases over gRPC (CUS-18, CUS-20, CUS-27 to CUS-32).
#include <string>
#include <vector>

#include "services/customer/import/import_kinds_fixture.h"

namespace crm::customer::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using ImportRecordsTest = ImportKindsTest;

// CUS-18, CUS-27: rows keep their own time; the customer follows, and nothing moves backwards.
TEST_F(ImportRecordsTest, InteractionsAreImported) {
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
TEST_F(ImportRecordsTest, InteractionsThatAreThereAreSkipped) {
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
TEST_F(ImportRecordsTest, InteractionsNameContacts) {
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
TEST_F(ImportRecordsTest, InteractionsAreRefusedWithAReason) {
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
TEST_F(ImportRecordsTest, PurchasesAreImported) {
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
TEST_F(ImportRecordsTest, PurchasesAreRefusedWithAReason) {
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
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 0, 11)) << job.ShortDebugString();
  EXPECT_THAT(Rules(job),
              ElementsAre("2 order_number ORDER_DIFFERS", "3 customer_phone CUSTOMER_UNKNOWN",
                          "4 order_number REQUIRED", "5 amount REQUIRED", "6 time TIME_IN_FUTURE",
                          "7 amount NUMBER_TOO_SMALL", "8 quantity QUANTITY_FORMAT",
                          "9 order_number ORDER_INCOMPLETE", "10 customer_phone ORDER_ROWS_DIFFER",
                          "11 amount ORDER_ROWS_DIFFER", "12 order_number ORDER_INCOMPLETE"));
  job = Import(SpecOf(v1::IMPORT_KIND_PURCHASE, v1::DUPLICATE_POLICY_SKIP),
               absl::StrCat(kHead, "SO0,13800138001,200,,,,,2024-03-01\n"));
  EXPECT_THAT(Counts(job), ElementsAre(0, 0, 0, 1, 0));
  EXPECT_EQ(Count("purchase"), 1);
}

// CUS-20: an order's rows stay together where a batch is full.
TEST_F(ImportRecordsTest, OrdersAreNotTornAtTheEndOfABatch) {
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

// CUS-32: what was changed in the archive behind the import's back is found.
TEST_F(ImportRecordsTest, SampleShowsWhatDiffers) {
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
