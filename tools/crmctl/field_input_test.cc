#include "tools/crmctl/field_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/error.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/event/v1/event.pb.h"

namespace crm::cli {
namespace {

using customer::v1::Customer;
using schema::Language;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const InputRules kRules{Language::kChinese, absl::FixedTimeZone(8 * 3600)};

std::string MessageOf(const absl::Status& status) {
  EXPECT_EQ(ErrorReason(status), kUsageReason);
  return std::string(status.message());
}

// PLT-29
TEST(FieldInput, ReadsEveryKindOfField) {
  Customer customer;
  ASSERT_TRUE(SetPath(customer, "full_name", "李雷", kRules).ok());
  ASSERT_TRUE(SetPath(customer, "age", "42", kRules).ok());
  ASSERT_TRUE(SetPath(customer, "incomplete", "是", kRules).ok());
  ASSERT_TRUE(SetPath(customer, "need_types", "price，quality、service", kRules).ok());
  ASSERT_TRUE(SetPath(customer, "last_contact_time", "2026-03-20 09:30", kRules).ok());

  EXPECT_EQ(customer.full_name(), "李雷");
  EXPECT_EQ(customer.age(), 42);
  EXPECT_TRUE(customer.incomplete());
  EXPECT_THAT(customer.need_types(), ElementsAre("price", "quality", "service"));
  EXPECT_EQ(customer.last_contact_time().seconds(), 1'773'970'200);
}

// PLT-30: by name, label or alias, in either language.
TEST(FieldInput, EnumsAreTakenByNameAndLabel) {
  for (const char* text : {"重点客户", "重点", "key", "KEY", "TIER_KEY"}) {
    Customer customer;
    ASSERT_TRUE(SetPath(customer, "tier", text, kRules).ok()) << text;
    EXPECT_EQ(customer.tier(), customer::v1::TIER_KEY) << text;
  }
}

// PLT-30
TEST(FieldInput, FieldsAreTakenByLabelAndHeaderAlias) {
  Customer customer;
  EXPECT_EQ(*SetAssignment(customer, "手机号码=13800138000", kRules), "phone");
  EXPECT_EQ(*SetAssignment(customer, "邮箱=li@example.com", kRules), "email");

  EXPECT_EQ(customer.phone(), "13800138000");
  EXPECT_EQ(customer.email(), "li@example.com");
}

TEST(FieldInput, KeysOfAStructKeepTheirNeighbours) {
  Customer customer;
  ASSERT_TRUE(SetPath(customer, "custom_fields.level", "3", kRules).ok());
  EXPECT_EQ(*SetAssignment(customer, "自定义字段.note=二期", kRules), "custom_fields.note");

  EXPECT_EQ(customer.custom_fields().fields().at("level").number_value(), 3);
  EXPECT_EQ(customer.custom_fields().fields().at("note").string_value(), "二期");
}

TEST(FieldInput, ListsOfMessagesTakeJsonAndIndexes) {
  Customer customer;
  ASSERT_TRUE(SetPath(customer, "public_facts",
                      R"([{"field": "scale", "source": "年报", "date": "2026-01-01"}])", kRules)
                  .ok());
  ASSERT_TRUE(SetPath(customer, "public_facts.1.field", "website", kRules).ok());
  ASSERT_TRUE(SetPath(customer, "public_facts.1.source", "官网", kRules).ok());

  ASSERT_EQ(customer.public_facts_size(), 2);
  EXPECT_EQ(customer.public_facts(0).source(), "年报");
  EXPECT_EQ(customer.public_facts(1).source(), "官网");
}

TEST(FieldInput, NestedFieldsOfARequest) {
  customer::v1::CreateCustomerRequest request;
  ASSERT_TRUE(SetPath(request, "customer.full_name", "华东机械", kRules).ok());

  EXPECT_EQ(request.customer().full_name(), "华东机械");
}

// PLT-29: errors say what to do next.
TEST(FieldInput, AnUnknownFieldComesWithTheNearestNames) {
  Customer customer;
  EXPECT_THAT(MessageOf(SetPath(customer, "ful_name", "x", kRules)), HasSubstr("full_name"));
  EXPECT_THAT(MessageOf(SetPath(customer, "zzzzzzzz", "x", kRules)),
              HasSubstr("crmctl fields crm.customer.v1.Customer"));
}

TEST(FieldInput, AWrongValueSaysWhatIsExpected) {
  Customer customer;
  EXPECT_THAT(MessageOf(SetPath(customer, "tier", "黄金", kRules)), HasSubstr("重点客户"));
  EXPECT_THAT(MessageOf(SetPath(customer, "age", "4O", kRules)), HasSubstr("整数"));
  EXPECT_THAT(MessageOf(SetPath(customer, "age", "99999999999", kRules)), HasSubstr("整数"));
  EXPECT_THAT(MessageOf(SetPath(customer, "incomplete", "也许", kRules)), HasSubstr("是 或 否"));
  EXPECT_THAT(MessageOf(SetPath(customer, "create_time", "昨天", kRules)), HasSubstr("时间"));
  EXPECT_THAT(MessageOf(SetPath(customer, "public_facts", "{", kRules)), HasSubstr("JSON"));
  EXPECT_THAT(MessageOf(SetPath(customer, "public_facts.7.field", "x", kRules)), HasSubstr("序号"));
  EXPECT_THAT(MessageOf(SetPath(customer, "full_name.first", "x", kRules)), HasSubstr("下级字段"));
  EXPECT_THAT(MessageOf(SetAssignment(customer, "full_name", kRules).status()),
              HasSubstr("字段=值"));
}

TEST(FieldInput, JsonThatIsNotOfTheMessageIsRefusedWhole) {
  Customer customer;
  EXPECT_FALSE(
      MergeJson(R"({"full_name": "李雷", "no_such": 1})", customer, Language::kEnglish).ok());
  EXPECT_TRUE(customer.full_name().empty());
}

}  // namespace
}  // namespace crm::cli
