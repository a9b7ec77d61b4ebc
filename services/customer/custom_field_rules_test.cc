#include "services/customer/custom_field_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "services/customer/custom_field_definition.h"

namespace crm::customer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

v1::CustomField Field(const std::string& key, v1::CustomFieldType type) {
  v1::CustomField field;
  field.set_field_key(key);
  field.set_label_zh("字段" + key);
  field.set_label_en("field " + key);
  field.set_type(type);
  return field;
}

void AddOption(const std::string& code, const std::string& zh, v1::CustomField& field) {
  v1::CustomFieldOption& option = *field.add_options();
  option.set_code(code);
  option.set_label_zh(zh);
  option.set_label_en(code + " option");
}

v1::CustomField Choice(const std::string& key, v1::CustomFieldType type) {
  v1::CustomField field = Field(key, type);
  AddOption("gold", "金", field);
  AddOption("silver", "银", field);
  AddOption("bronze", "铜", field);
  field.mutable_options(2)->set_retired(true);
  return field;
}

std::vector<v1::CustomField> Definitions() {
  v1::CustomField contract = Field("contract_no", v1::CUSTOM_FIELD_TYPE_TEXT);
  contract.set_pattern("[A-Z]-[0-9]+");
  contract.set_max_length(8);
  v1::CustomField staff = Field("staff", v1::CUSTOM_FIELD_TYPE_NUMBER);
  staff.set_min_number(1);
  staff.set_max_number(1000.5);
  v1::CustomField signed_on = Field("signed_on", v1::CUSTOM_FIELD_TYPE_DATE);
  signed_on.set_min_date("2020-01-01");
  signed_on.set_max_date("2030-12-31");
  v1::CustomField persons_only = Field("nick", v1::CUSTOM_FIELD_TYPE_TEXT);
  persons_only.add_kinds(v1::CUSTOMER_KIND_PERSON);
  v1::CustomField retired = Field("fax", v1::CUSTOM_FIELD_TYPE_TEXT);
  retired.set_retired(true);
  return {contract,
          staff,
          signed_on,
          persons_only,
          retired,
          Choice("card", v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE),
          Choice("cards", v1::CUSTOM_FIELD_TYPE_MULTIPLE_CHOICE),
          Field("vip", v1::CUSTOM_FIELD_TYPE_BOOLEAN)};
}

class CustomFieldRulesTest : public ::testing::Test {
 protected:
  google::protobuf::Value& Set(const std::string& key) {
    return (*customer_.mutable_custom_fields()->mutable_fields())[key];
  }
  std::vector<std::string> Normalize(const v1::Customer* before = nullptr) {
    std::vector<schema::Violation> violations;
    rules_.Normalize(customer_, before, violations);
    std::vector<std::string> rules;
    for (const auto& violation : violations)
      rules.push_back(violation.field + " " + violation.rule);
    return rules;
  }
  // What one value breaks; empty if it is fine.
  std::string Broken(const std::string& key, const google::protobuf::Value& value) {
    customer_.clear_custom_fields();
    Set(key) = value;
    const std::vector<std::string> broken = Normalize();
    return broken.empty() ? "" : broken[0].substr(broken[0].find(' ') + 1);
  }
  static google::protobuf::Value Text(const std::string& text) {
    google::protobuf::Value value;
    value.set_string_value(text);
    return value;
  }
  static google::protobuf::Value Number(double number) {
    google::protobuf::Value value;
    value.set_number_value(number);
    return value;
  }
  static google::protobuf::Value List(const std::vector<std::string>& items) {
    google::protobuf::Value value;
    for (const std::string& item : items) *value.mutable_list_value()->add_values() = Text(item);
    return value;
  }

  CustomFieldRulesTest() { customer_.set_kind(v1::CUSTOMER_KIND_ORGANIZATION); }

  const CustomFieldRules rules_{Definitions()};
  v1::Customer customer_;
};

// CUS-9
TEST_F(CustomFieldRulesTest, ChecksEachTypeByItsDefinition) {
  EXPECT_EQ(Broken("contract_no", Text("A-12")), "");
  EXPECT_EQ(Broken("contract_no", Text("A-12x")), "TEXT_PATTERN");
  EXPECT_EQ(Broken("contract_no", Text("A-1234567")), "TEXT_TOO_LONG");
  EXPECT_EQ(Broken("contract_no", Number(12)), "CUSTOM_FIELD_TYPE");
  EXPECT_EQ(Broken("staff", Number(1000.5)), "");
  EXPECT_EQ(Broken("staff", Number(0.99)), "NUMBER_TOO_SMALL");
  EXPECT_EQ(Broken("staff", Number(1e300)), "NUMBER_TOO_LARGE");
  EXPECT_EQ(Broken("staff", Number(std::numeric_limits<double>::quiet_NaN())), "NUMBER_NOT_FINITE");
  EXPECT_EQ(Broken("staff", Number(std::numeric_limits<double>::infinity())), "NUMBER_NOT_FINITE");
  EXPECT_EQ(Broken("staff", Text("12")), "CUSTOM_FIELD_TYPE");
  EXPECT_EQ(Broken("signed_on", Text("2024-02-29")), "");
  EXPECT_EQ(Broken("signed_on", Text("2023-02-29")), "DATE_FORMAT");
  EXPECT_EQ(Broken("signed_on", Text("2019-12-31")), "DATE_TOO_EARLY");
  EXPECT_EQ(Broken("signed_on", Text("2031-01-01")), "DATE_TOO_LATE");
  EXPECT_EQ(Broken("vip", Text("是")), "CUSTOM_FIELD_TYPE");
}

// CUS-9: choices come from the options; labels become codes.
TEST_F(CustomFieldRulesTest, ChoicesAreCodesOfLiveOptions) {
  EXPECT_EQ(Broken("card", Text("金")), "");
  EXPECT_EQ(customer_.custom_fields().fields().at("card").string_value(), "gold");
  EXPECT_EQ(Broken("card", Text("platinum")), "NOT_AN_OPTION");
  EXPECT_EQ(Broken("card", Text("bronze")), "NOT_AN_OPTION");
  EXPECT_EQ(Broken("card", List({"gold"})), "NOT_AN_OPTION");
  EXPECT_EQ(Broken("cards", List({"gold", "SILVER option"})), "");
  EXPECT_EQ(Broken("cards", List({"gold", "金"})), "OPTION_REPEATED");
  EXPECT_EQ(Broken("cards", Text("gold")), "CUSTOM_FIELD_TYPE");
}

// CUS-9: only defined fields, of the customer's kind, in use.
TEST_F(CustomFieldRulesTest, RefusesFieldsTheCustomerCannotHave) {
  Set("unheard_of") = Text("x");
  Set("nick") = Text("x");
  Set("fax") = Text("x");
  EXPECT_THAT(Normalize(), ElementsAre("custom_fields.fax CUSTOM_FIELD_RETIRED",
                                       "custom_fields.nick FIELD_NOT_FOR_KIND",
                                       "custom_fields.unheard_of CUSTOM_FIELD_UNKNOWN"));
}

// CUS-9: a retired field, and a value from before the rules changed, stay as they are.
TEST_F(CustomFieldRulesTest, ValuesFromBeforeStay) {
  Set("fax") = Text("0755-1");
  Set("contract_no") = Text("old form");
  const v1::Customer before = customer_;
  EXPECT_THAT(Normalize(&before), IsEmpty());
  Set("fax") = Text("0755-2");
  EXPECT_THAT(Normalize(&before), ElementsAre("custom_fields.fax CUSTOM_FIELD_RETIRED"));
  customer_.mutable_custom_fields()->mutable_fields()->erase("fax");
  EXPECT_THAT(Normalize(&before), IsEmpty());
}

// CUS-3: a missing value is unknown, never an empty one.
TEST_F(CustomFieldRulesTest, EmptyValuesAreUnknown) {
  Set("contract_no") = Text("");
  Set("cards").mutable_list_value();
  Set("staff").set_null_value(google::protobuf::NULL_VALUE);
  EXPECT_THAT(Normalize(), IsEmpty());
  EXPECT_FALSE(customer_.has_custom_fields());
}

// CUS-3, CUS-9
TEST_F(CustomFieldRulesTest, RequiredFieldsOfTheKindAreMissing) {
  std::vector<v1::CustomField> definitions = Definitions();
  for (v1::CustomField& field : definitions) field.set_required(true);
  const CustomFieldRules rules(definitions);
  (*customer_.mutable_custom_fields()->mutable_fields())["vip"].set_bool_value(false);
  EXPECT_THAT(
      rules.Missing(customer_),
      UnorderedElementsAre("custom_fields.contract_no", "custom_fields.staff",
                           "custom_fields.signed_on", "custom_fields.card", "custom_fields.cards"));
}

// CUS-9: importable and exportable.
TEST_F(CustomFieldRulesTest, ReadsCellsAndWritesThem) {
  const auto round = [&](const std::string& key, const std::string& cell) -> std::string {
    google::protobuf::Value value;
    const v1::CustomField& field = *rules_.Find(key);
    if (auto violation = rules_.FromText(field, cell, value)) return violation->rule;
    return CustomFieldRules::ToText(field, value, schema::Language::kChinese);
  };
  EXPECT_EQ(round("staff", " １，０００ "), "1000");
  EXPECT_EQ(round("staff", "12.25"), "12.25");
  EXPECT_EQ(round("staff", "about 12"), "CUSTOM_FIELD_TYPE");
  EXPECT_EQ(round("signed_on", "2024年3月1日"), "2024-03-01");
  EXPECT_EQ(round("signed_on", "03/01/24"), "DATE_AMBIGUOUS");
  EXPECT_EQ(round("vip", "否"), "否");
  EXPECT_EQ(round("vip", "maybe"), "CUSTOM_FIELD_TYPE");
  EXPECT_EQ(round("card", "silver"), "银");
  EXPECT_EQ(round("cards", "金、银"), "金、银");
  EXPECT_EQ(round("cards", "gold; 银；"), "金、银");
  EXPECT_EQ(round("cards", "gold,铂"), "NOT_AN_OPTION");
}

std::vector<std::string> Problems(const v1::CustomField& field,
                                  const v1::CustomField* before = nullptr,
                                  const std::vector<v1::CustomField>& others = {}) {
  std::vector<std::string> rules;
  for (const auto& violation : CheckCustomField(field, before, others)) {
    rules.push_back(violation.field + " " + violation.rule);
  }
  return rules;
}

// CUS-9, PLT-25
TEST(CustomFieldDefinition, RefusesWhatCouldNotWork) {
  v1::CustomField text = Field("a", v1::CUSTOM_FIELD_TYPE_TEXT);
  text.set_pattern("([a-z");
  text.set_min_length(9);
  text.set_max_length(8);
  text.set_min_number(1);
  text.add_kinds(v1::CUSTOMER_KIND_PERSON);
  text.add_kinds(v1::CUSTOMER_KIND_PERSON);
  EXPECT_THAT(Problems(text),
              UnorderedElementsAre("pattern PATTERN_INVALID", "max_length RANGE_EMPTY",
                                   "min_number NOT_FOR_TYPE", "kinds[1] KIND_REPEATED"));
  text = Field("a", v1::CUSTOM_FIELD_TYPE_TEXT);
  text.set_pattern("((a{500}){500}){500}");
  EXPECT_THAT(Problems(text), ElementsAre("pattern PATTERN_INVALID")) << "too big";
  v1::CustomField date = Field("d", v1::CUSTOM_FIELD_TYPE_DATE);
  date.set_min_date("2024-01-02");
  date.set_max_date("2024-01-01");
  EXPECT_THAT(Problems(date), ElementsAre("max_date RANGE_EMPTY"));
  v1::CustomField choice = Field("c", v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE);
  EXPECT_THAT(Problems(choice), ElementsAre("options REQUIRED"));
}

// CUS-9: options like codes of managed lists.
TEST(CustomFieldDefinition, OptionsStayAndDiffer) {
  const v1::CustomField before = Choice("c", v1::CUSTOM_FIELD_TYPE_SINGLE_CHOICE);
  v1::CustomField after = before;
  after.mutable_options()->RemoveLast();
  AddOption("Gold", "黄", after);
  EXPECT_THAT(Problems(after, &before),
              UnorderedElementsAre("options CODE_MISSING", "options[2] OPTION_REPEATED"));
  v1::CustomField other = before;
  other.set_field_key("d");
  EXPECT_THAT(Problems(other, nullptr, {before}),
              ElementsAre("label_zh LABEL_REPEATED", "label_en LABEL_REPEATED"));
}

}  // namespace
}  // namespace crm::customer
