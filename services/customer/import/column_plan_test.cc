#include "services/customer/import/column_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"
#include "services/customer/import/customer_columns.h"

namespace crm::customer::import {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Fields(const std::vector<std::string>& header,
                                const v1::ImportSpec& spec = {}) {
  const auto plan = ColumnPlan::Compile(CustomerCatalog(), header, spec);
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> fields;
  for (const ColumnPlan::Column& column : plan->columns()) fields.push_back(column.field_name());
  return fields;
}

void Map(v1::ImportSpec& spec, const std::string& header, const std::string& field) {
  v1::ColumnMapping& mapping = *spec.add_mapping();
  mapping.set_header(header);
  mapping.set_field(field);
}

// CUS-27
TEST(ColumnPlan, RecognisesHeadersInBothLanguages) {
  EXPECT_THAT(Fields({"公司名称", "联系电话", "所属行业", "城市", "note"}),
              ElementsAre("full_name", "phone", "industry", "region", "remark"));
  EXPECT_THAT(Fields({"Full Name", "PHONE NUMBER", "e-mail", "credit_code"}),
              ElementsAre("full_name", "phone", "email", "credit_code"));
  // Marks, width, spaces, remarks in brackets, two names for one column.
  EXPECT_THAT(Fields({"*客户名称", "手机 号码（必填）", "Ｅ-mail", "公司名称/姓名", "备注："}),
              ElementsAre("full_name", "phone", "email", "", "remark"));
  EXPECT_THAT(Fields({"公司名称/姓名", "电话/邮箱", "内部编码", ""}),
              ElementsAre("full_name", "", "", ""));
}

// CUS-7
TEST(ColumnPlan, HeaderUnits) {
  EXPECT_EQ(UnitOfHeader("累计消费金额（万元）"), 10'000);
  EXPECT_EQ(UnitOfHeader("金额(千元)"), 1'000);
  EXPECT_EQ(UnitOfHeader("金额(元)"), 1);
  EXPECT_EQ(UnitOfHeader("万元金额"), 1);
  EXPECT_THAT(Fields({"累计消费金额（万元）", "年采购额(元)"}),
              ElementsAre("opening_amount", "annual_purchasing_volume"));
}

// CUS-27
TEST(ColumnPlan, MappingWins) {
  v1::ImportSpec spec;
  Map(spec, "名字", "full_name");
  Map(spec, "公司名称", "custom_fields.brand");
  Map(spec, "电话", "-");
  const auto plan = ColumnPlan::Compile(
      CustomerCatalog(), std::vector<std::string>{"公司名称", "名字", "电话", "客户名称"}, spec);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->columns()[0].custom_key, "brand");
  EXPECT_EQ(plan->columns()[1].origin, v1::ImportColumn::ORIGIN_MAPPED);
  EXPECT_EQ(plan->columns()[2].origin, v1::ImportColumn::ORIGIN_IGNORED);
  // Known, but another column was said to be the name: reported, not dropped silently.
  EXPECT_EQ(plan->columns()[3].origin, v1::ImportColumn::ORIGIN_UNMAPPED);
}

TEST(ColumnPlan, MappingMustFitTheFile) {
  v1::ImportSpec missing;
  Map(missing, "没有的列", "phone");
  const std::vector<std::string> header = {"公司名称", "电话"};
  EXPECT_EQ(ErrorReason(ColumnPlan::Compile(CustomerCatalog(), header, missing).status()),
            "MAPPED_HEADER_MISSING");
  v1::ImportSpec twice;
  Map(twice, "公司名称", "full_name");
  Map(twice, "电话", "full_name");
  EXPECT_EQ(ErrorReason(ColumnPlan::Compile(CustomerCatalog(), header, twice).status()),
            "COLUMN_REPEATED");
}

// CUS-31: a later run has the plan of the first, whatever has been defined since.
TEST(ColumnPlan, ComesBackFromTheReport) {
  v1::ImportReport report;
  v1::ImportColumn& column = *report.add_columns();
  column.set_header("金额（万元）");
  column.set_field("opening_amount");
  column.set_origin(v1::ImportColumn::ORIGIN_MAPPED);
  column.set_unit(10'000);
  const ColumnPlan plan = ColumnPlan::FromReport(CustomerCatalog(), report);
  ASSERT_NE(plan.Find("opening_amount"), nullptr);
  EXPECT_EQ(plan.Find("opening_amount")->unit, 10'000);
  EXPECT_NE(plan.Find("opening_amount")->field, nullptr);
}

// CUS-2: rows that do not say what they are
TEST(GuessKind, ByEvidence) {
  v1::Customer customer;
  customer.set_full_name("深圳市云帆科技有限公司");
  EXPECT_EQ(GuessKind(customer), v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name("Acme Corporation");
  EXPECT_EQ(GuessKind(customer), v1::CUSTOMER_KIND_ORGANIZATION);
  customer.set_full_name("李小红");
  EXPECT_EQ(GuessKind(customer), v1::CUSTOMER_KIND_PERSON);
  customer.set_decision_maker("王建国");
  EXPECT_EQ(GuessKind(customer), v1::CUSTOMER_KIND_ORGANIZATION);
}

}  // namespace
}  // namespace crm::customer::import
