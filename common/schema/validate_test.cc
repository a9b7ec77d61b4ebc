#include "common/schema/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/match.h"
#include "common/error/error.h"
#include "crm/testing/v1/specimen.pb.h"

namespace crm::schema {
namespace {

using crm::testing::v1::CreateSpecimenRequest;
using crm::testing::v1::Specimen;
using crm::testing::v1::UpdateSpecimenRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'774'000'000);

google::rpc::BadRequest BadRequestOf(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (detail.UnpackTo(&bad)) break;
  }
  return bad;
}

std::vector<std::string> Check(google::protobuf::Message& request) {
  const absl::Status status = NormalizeAndValidate(request, Language::kEnglish, kNow);
  std::vector<std::string> found;
  const google::rpc::BadRequest bad = BadRequestOf(status);
  for (const auto& violation : bad.field_violations()) {
    found.push_back(violation.field() + " " + violation.reason());
  }
  return found;
}

class ValidateTest : public ::testing::Test {
 protected:
  ValidateTest() {
    specimen().set_colour(crm::testing::v1::COLOUR_RED);
    specimen().set_title("标题");
  }
  Specimen& specimen() { return *create_.mutable_specimen(); }

  CreateSpecimenRequest create_;
};

// PLT-8
TEST_F(ValidateTest, AGoodRequestPassesAndIsNormalised) {
  specimen().set_phone("+86 138-1234-5678");
  specimen().set_amount("0012.5");
  specimen().set_number("forged");
  EXPECT_THAT(Check(create_), IsEmpty());
  EXPECT_EQ(specimen().phone(), "13812345678");
  EXPECT_EQ(specimen().amount(), "12.50");
  EXPECT_EQ(specimen().number(), "");
}

TEST_F(ValidateTest, WhatIsRequiredMustBeThere) {
  create_.Clear();
  EXPECT_THAT(Check(create_), ElementsAre("specimen REQUIRED"));
  specimen().set_flag(true);
  EXPECT_THAT(Check(create_), ElementsAre("specimen.colour REQUIRED", "specimen.title REQUIRED"));
}

TEST_F(ValidateTest, EveryBadFieldIsNamedAtOnce) {
  specimen().set_title("x");
  specimen().set_story("a\x02");
  specimen().set_phone("1234");
  specimen().set_amount("1,5");
  specimen().set_day("2026-02-30");
  specimen().set_count(100);
  specimen().set_account("12 34");
  specimen().set_owner("a b");
  EXPECT_THAT(Check(create_),
              ElementsAre("specimen.title TEXT_TOO_SHORT", "specimen.story TEXT_CONTROL_CHARACTERS",
                          "specimen.phone PHONE_FORMAT", "specimen.amount DECIMAL_FORMAT",
                          "specimen.day DATE_FORMAT", "specimen.count NUMBER_OUT_OF_RANGE",
                          "specimen.account TEXT_PATTERN", "specimen.owner CODE_CHARACTERS"));
}

// QUA-8
TEST_F(ValidateTest, HostileTextIsRefused) {
  for (const char* text : {" lead", "trail ", "a\u202Eb", "tab\tinside", "\xC3\x28xx"}) {
    specimen().set_title(text);
    EXPECT_EQ(Check(create_).size(), 1u) << text;
  }
  specimen().set_title(std::string(100'000, 'a'));
  EXPECT_THAT(Check(create_), ElementsAre("specimen.title TEXT_TOO_LONG"));
  specimen().set_title("𠮷野家😀");
  EXPECT_THAT(Check(create_), IsEmpty());
}

TEST_F(ValidateTest, LengthCountsCharactersNotBytes) {
  specimen().set_title("一二三四五六七八九十一二三四五六七八九十");
  EXPECT_THAT(Check(create_), IsEmpty());
  specimen().set_title(specimen().title() + "一");
  EXPECT_THAT(Check(create_), ElementsAre("specimen.title TEXT_TOO_LONG"));
}

TEST_F(ValidateTest, ListsAndNestedMessagesAreChecked) {
  specimen().add_words("ok");
  specimen().add_words("");
  specimen().add_parts()->set_grams(0);
  specimen().add_parts()->set_grams(2000);
  specimen().mutable_parts(1)->set_name("a name too long");
  specimen().add_colours(static_cast<crm::testing::v1::Colour>(77));
  EXPECT_THAT(Check(create_),
              ElementsAre("specimen.words[1] REQUIRED", "specimen.colours[0] ENUM_UNKNOWN",
                          "specimen.parts[0].name REQUIRED", "specimen.parts[1].name TEXT_TOO_LONG",
                          "specimen.parts[1].grams NUMBER_OUT_OF_RANGE"));
  specimen().clear_parts();
  specimen().clear_colours();
  for (int i = 0; i < 4; ++i) specimen().add_words("w");
  EXPECT_THAT(Check(create_), ElementsAre("specimen.words TOO_MANY_ITEMS"));
}

TEST_F(ValidateTest, StructsAreBounded) {
  auto& fields = *specimen().mutable_extras()->mutable_fields();
  fields["good"].set_string_value("值");
  EXPECT_THAT(Check(create_), IsEmpty());
  fields["good"].set_number_value(std::numeric_limits<double>::infinity());
  EXPECT_THAT(Check(create_), ElementsAre("specimen.extras.good NUMBER_NOT_FINITE"));
  fields.clear();
  fields["a b"].set_bool_value(true);
  EXPECT_THAT(Check(create_), ElementsAre("specimen.extras KEY_INVALID"));
}

TEST_F(ValidateTest, TimesOutsideTheCalendarAreRefused) {
  specimen().mutable_moment()->set_nanos(-1);
  specimen().set_ratio(std::nan(""));
  EXPECT_THAT(Check(create_),
              ElementsAre("specimen.moment TIME_OUT_OF_RANGE", "specimen.ratio NUMBER_NOT_FINITE"));
}

// PLT-2
TEST(ValidateUpdate, NeedsTheNumberAndWhatTheMaskWouldClear) {
  UpdateSpecimenRequest update;
  update.mutable_specimen()->set_story("new");
  EXPECT_THAT(Check(update), ElementsAre("specimen.number REQUIRED"));
  update.mutable_specimen()->set_number("S1");
  EXPECT_THAT(Check(update), IsEmpty());
  EXPECT_EQ(update.specimen().number(), "S1");
  update.mutable_update_mask()->add_paths("title");
  EXPECT_THAT(Check(update), ElementsAre("specimen.title REQUIRED"));
}

// PLT-30
TEST_F(ValidateTest, TheMendComesInTheCallersLanguage) {
  specimen().clear_title();
  const google::rpc::BadRequest request =
      BadRequestOf(NormalizeAndValidate(create_, Language::kChinese, kNow));
  const auto& bad = request.field_violations(0);
  EXPECT_EQ(bad.localized_message().locale(), "zh-CN");
  EXPECT_EQ(bad.localized_message().message(), "必填");
  EXPECT_EQ(bad.description(), "set this field");
}

// PLT-7: no message repeats what was sent
TEST_F(ValidateTest, ErrorsNeverEchoTheValue) {
  specimen().set_phone("secret-99887766");
  specimen().set_account("secret-99887766");
  const absl::Status status = NormalizeAndValidate(create_, Language::kEnglish, kNow);
  EXPECT_FALSE(absl::StrContains(ToRpcStatus(status).SerializeAsString(), "99887766"));
}

TEST(Language, IsTakenFromTheHeader) {
  EXPECT_EQ(ParseAcceptLanguage(""), Language::kEnglish);
  EXPECT_EQ(ParseAcceptLanguage("zh-CN,zh;q=0.9,en;q=0.8"), Language::kChinese);
  EXPECT_EQ(ParseAcceptLanguage("fr, en;q=0.3, zh-TW;q=0.7"), Language::kChinese);
  EXPECT_EQ(ParseAcceptLanguage("en-US, zh;q=0.5"), Language::kEnglish);
  EXPECT_EQ(ParseAcceptLanguage("zh;q=x, ;;;"), Language::kEnglish);
}

TEST(EnumNames, AreFoundByNameLabelAndAlias) {
  const auto& type = *crm::testing::v1::Colour_descriptor();
  for (const char* text : {"COLOUR_DARK_BLUE", "dark_blue", "深蓝", "Dark Blue"}) {
    ASSERT_NE(FindEnumValue(type, text), nullptr) << text;
    EXPECT_EQ(FindEnumValue(type, text)->number(), 2) << text;
  }
  EXPECT_EQ(FindEnumValue(type, "红色")->number(), 1);
  EXPECT_EQ(FindEnumValue(type, "UNSPECIFIED"), nullptr);
  EXPECT_EQ(FindEnumValue(type, "green"), nullptr);
}

}  // namespace
}  // namespace crm::schema
