#include "common/schema/value_text.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>

#include "crm/testing/v1/specimen.pb.h"

namespace crm::schema {
namespace {

using crm::testing::v1::Specimen;

Specimen Full() {
  Specimen specimen;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        colour: COLOUR_DARK_BLUE
        title: "标本"
        count: 0
        total: -7
        flag: true
        moment { seconds: 1774000800 nanos: 999999999 }
        words: "新"
        words: "急"
        colours: COLOUR_RED
        colours: COLOUR_UNSPECIFIED
        parts { name: "轮" grams: 3 }
        extras {
          fields {
            key: "a"
            value { bool_value: true }
          }
        }
        ratio: 0.125
      )pb",
      &specimen));
  return specimen;
}

std::string TextOf(const google::protobuf::Message& message, const std::string& field,
                   const ValueTextRules& rules = {}) {
  return ValueText(message, *MessageSchema::Of(message.GetDescriptor()).Find(field), rules);
}

// PLT-30: labels in the language asked for.
TEST(ValueText, EveryKindAsPeopleReadIt) {
  const Specimen specimen = Full();
  ValueTextRules chinese{.language = Language::kChinese, .separator = "、"};
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Shanghai", &chinese.zone));
  EXPECT_EQ(TextOf(specimen, "colour"), "dark blue");
  EXPECT_EQ(TextOf(specimen, "colour", chinese), "深蓝");
  EXPECT_EQ(TextOf(specimen, "title"), "标本");
  EXPECT_EQ(TextOf(specimen, "count"), "0");
  EXPECT_EQ(TextOf(specimen, "total"), "-7");
  EXPECT_EQ(TextOf(specimen, "flag"), "yes");
  EXPECT_EQ(TextOf(specimen, "flag", chinese), "是");
  EXPECT_EQ(TextOf(specimen, "moment"), "2026-03-20 10:00:00");
  EXPECT_EQ(TextOf(specimen, "moment", chinese), "2026-03-20 18:00:00");
  EXPECT_EQ(TextOf(specimen, "words", chinese), "新、急");
  EXPECT_EQ(TextOf(specimen, "colours"), "red, ");
  EXPECT_EQ(TextOf(specimen, "parts"), R"({"name":"轮","grams":"3"})");
  EXPECT_EQ(TextOf(specimen, "extras"), R"({"a":true})");
  EXPECT_EQ(TextOf(specimen, "ratio"), "0.125");
}

TEST(ValueText, WhatIsAbsentIsEmpty) {
  const Specimen empty;
  for (const char* field : {"colour", "title", "count", "moment", "words", "parts", "extras"}) {
    EXPECT_EQ(TextOf(empty, field), "") << field;
  }
  EXPECT_EQ(TextOf(empty, "total"), "0");
  EXPECT_EQ(TextOf(empty, "flag"), "no");
}

TEST(ValueText, RulesDecideTextsNumbersAndMessages) {
  const ValueTextRules rules{
      .text = [](const std::string& value, const FieldSchema&) { return "<" + value + ">"; },
      .number = [](double value, const FieldSchema&) { return value < 1 ? "little" : "much"; },
      .message = [](const google::protobuf::Message&,
                    const FieldSchema& field) { return "a " + field.name; }};
  const Specimen specimen = Full();
  EXPECT_EQ(TextOf(specimen, "words", rules), "<新>, <急>");
  EXPECT_EQ(TextOf(specimen, "ratio", rules), "little");
  EXPECT_EQ(TextOf(specimen, "parts", rules), "a parts");
  EXPECT_EQ(TextOf(specimen, "moment", rules), "2026-03-20 10:00:00");
}

// PLT-29: a client that knows the types by reflection alone shows the same.
TEST(ValueText, DynamicMessagesAreNoDifferent) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> dynamic(
      factory.GetPrototype(Specimen::descriptor())->New());
  ASSERT_TRUE(dynamic->ParseFromString(Full().SerializeAsString()));
  for (const FieldSchema& field : MessageSchema::Of<Specimen>().fields()) {
    EXPECT_EQ(ValueText(*dynamic, field, {}), ValueText(Full(), field, {})) << field.name;
  }
}

}  // namespace
}  // namespace crm::schema
