#include "common/filter/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "common/filter/syntax.h"
#include "common/filter/test_keyring.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::filter {
namespace {

using crm::customer::v1::Customer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class FilterTest : public ::testing::Test {
 protected:
  absl::StatusOr<Fragment> Compile(std::string_view filter) const {
    return CompileFilter(schema::MessageSchema::Of<Customer>(), filter, options_);
  }

  // "SQL | values", or the error.
  std::string Text(std::string_view filter) const {
    const auto compiled = Compile(filter);
    if (!compiled.ok()) return Problem(compiled.status());
    std::vector<std::string> values;
    for (const db::Value& value : compiled->values) values.push_back(ValueText(value));
    return absl::StrCat(compiled->sql, values.empty() ? "" : " | ", absl::StrJoin(values, " | "));
  }

  static std::string ValueText(const db::Value& value) {
    if (const auto* number = std::get_if<int64_t>(&value.get())) return absl::StrCat(*number);
    if (const auto* number = std::get_if<double>(&value.get())) return absl::StrCat(*number, "d");
    return std::get<std::string>(value.get());
  }

  static google::rpc::BadRequest::FieldViolation Violation(const absl::Status& status) {
    const google::rpc::Status wire = ToRpcStatus(status);
    google::rpc::BadRequest bad;
    for (const auto& detail : wire.details()) {
      if (detail.UnpackTo(&bad)) return bad.field_violations(0);
    }
    return {};
  }
  static std::string Position(const absl::Status& status) {
    const google::rpc::Status wire = ToRpcStatus(status);
    google::rpc::ErrorInfo info;
    for (const auto& detail : wire.details()) {
      if (detail.UnpackTo(&info)) return info.metadata().at("position");
    }
    return "";
  }
  // "RULE position"
  static std::string Problem(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ErrorReason(status), "FILTER_INVALID");
    EXPECT_EQ(Violation(status).field(), "filter");
    return absl::StrCat(Violation(status).reason(), " ", Position(status));
  }

  TestKeyring keyring_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  CompileOptions options_ = TestOptions(*keyring_);
};

struct Case {
  const char* filter;
  const char* expected;
};

// PLT-4, CUS-24
TEST_F(FilterTest, CompilesToSqlWithBoundValues) {
  const Case kCases[] = {
#include "common/filter/testdata/good_filters.inc"
  };
  options_.alias = "c";
  for (const Case& c : kCases) EXPECT_EQ(Text(c.filter), c.expected) << c.filter;
}

// PLT-4: bad syntax, unknown fields and wrong types name the position.
TEST_F(FilterTest, NamesThePositionOfWhatIsWrong) {
  const Case kCases[] = {
#include "common/filter/testdata/bad_filters.inc"
  };
  const CustomFields fields = {{"contract_no", CustomFieldKind::kText},
                               {"seats", CustomFieldKind::kNumber},
                               {"signed", CustomFieldKind::kDate},
                               {"colours", CustomFieldKind::kChoices},
                               {"vip", CustomFieldKind::kBoolean}};
  options_.custom_fields = &fields;
  for (const Case& c : kCases) EXPECT_EQ(Text(c.filter), c.expected) << c.filter;
}

// PLT-4
TEST_F(FilterTest, SuggestsNearNames) {
  EXPECT_THAT(Violation(Compile("teir = KEY").status()).description(),
              AllOf(HasSubstr("character 1: "), HasSubstr("tier")));
  EXPECT_THAT(Violation(Compile("等级 = KEY").status()).description(),
              HasSubstr("did you mean tier?"));
  EXPECT_THAT(Violation(Compile("zzzzzzzz = 1").status()).description(), Not(HasSubstr("mean")));
  const CustomFields fields = {{"contract_no", CustomFieldKind::kText}};
  options_.custom_fields = &fields;
  EXPECT_THAT(Violation(Compile("custom_fields.contractno = 1").status()).description(),
              HasSubstr("contract_no"));
}

// PLT-30
TEST_F(FilterTest, SpeaksTheCallersLanguage) {
  options_.language = schema::Language::kChinese;
  const auto violation = Violation(Compile("客户 tier = KEY").status());
  EXPECT_EQ(violation.localized_message().locale(), "zh-CN");
  EXPECT_THAT(violation.localized_message().message(), HasSubstr("第 4 个字符"));
  EXPECT_THAT(Violation(Compile("tier = 黄金").status()).localized_message().message(),
              HasSubstr("重点客户"));
}

// PLT-7: what the caller sent may be a phone number.
TEST_F(FilterTest, NeverRepeatsWhatWasSent) {
  for (const char* filter : {"phone = 138123", "13812345678 = phone", "phone = '13812345678",
                             "total_amount > 13812345678x", "tier = 13812345678",
                             "custom_fields.vip.13812345678 = 1", "phone < 13812345678"}) {
    const auto compiled = Compile(filter);
    ASSERT_FALSE(compiled.ok()) << filter;
    EXPECT_THAT(ToRpcStatus(compiled.status()).SerializeAsString(), Not(HasSubstr("138123")))
        << filter;
  }
}

// PLT-15: the statement holds a keyed hash, never the value.
TEST_F(FilterTest, LooksEncryptedFieldsUpByHash) {
  const auto whole = Compile("phone = '138-1234-5678'");
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->sql, "phone_hash = ?");
  EXPECT_THAT(whole->values,
              ElementsAre(db::Value((*keyring_).LookupHash("customer.phone", "13812345678"))));

  const auto tail = Compile("phone:5678");
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(tail->sql, "phone_tail_hash = ?");
  EXPECT_THAT(tail->values,
              ElementsAre(db::Value((*keyring_).LookupHash("customer.phone.tail", "5678"))));

  EXPECT_EQ(Compile("NOT email = 'A@Example.com'")->sql, "(email_hash <> ? OR email_hash IS NULL)");
  EXPECT_EQ(Compile("email:*")->sql, "email IS NOT NULL");
}

// PLT-14: comparing with a value one may not see finds it out.
TEST_F(FilterTest, RefusesFieldsTheCallerDoesNotSee) {
  options_.plain_kinds = 0;
  EXPECT_EQ(Text("budget_lower > 5000"), "FILTER_SENSITIVE 1");
  EXPECT_EQ(Text("kind = PERSON decision_maker:张"), "FILTER_SENSITIVE 15");
  EXPECT_EQ(Compile("phone = 13812345678")->sql, "phone_hash = ?");
  options_.plain_kinds = uint32_t{1} << crm::options::v1::SENSITIVITY_HIDDEN;
  EXPECT_EQ(Text("budget_lower > 5000"), "budget_lower > CAST(? AS DECIMAL(19,2)) | 5000.00");
}

// CUS-9: with definitions, values are checked against them.
TEST_F(FilterTest, ChecksCustomFieldsAgainstTheirDefinitions) {
  const CustomFields fields = {{"no", CustomFieldKind::kText},
                               {"colours", CustomFieldKind::kChoices}};
  options_.custom_fields = &fields;
  EXPECT_EQ(Text("custom_fields.no = 5"),
            "(JSON_TYPE(JSON_EXTRACT(custom_fields, ?)) = 'STRING' AND "
            "JSON_UNQUOTE(JSON_EXTRACT(custom_fields, ?)) = ?) | $.\"no\" | $.\"no\" | 5");
  EXPECT_EQ(Text("custom_fields.colours:红"),
            "(JSON_TYPE(JSON_EXTRACT(custom_fields, ?)) = 'ARRAY' AND "
            "JSON_CONTAINS(JSON_EXTRACT(custom_fields, ?), ?)) | $.\"colours\" | $.\"colours\" | "
            "\"红\"");
}

// PLT-9
TEST_F(FilterTest, HasBounds) {
  std::vector<std::string> hundred(kMaxFilterComparisons, "age = 1");
  EXPECT_TRUE(Compile(absl::StrJoin(hundred, " ")).ok());
  hundred.push_back("age = 1");
  EXPECT_EQ(Text(absl::StrJoin(hundred, " ")), "FILTER_TOO_MANY_COMPARISONS 801");
  std::vector<std::string> values(kMaxFilterComparisons + 1, "1");
  EXPECT_EQ(Text("age = (" + absl::StrJoin(values, " OR ") + ")"),
            "FILTER_TOO_MANY_COMPARISONS 507");

  const std::string open(kMaxFilterDepth, '('), close(kMaxFilterDepth, ')');
  EXPECT_TRUE(Compile(open + "age = 1" + close).ok());
  EXPECT_EQ(Text("(" + open + "age = 1" + close + ")"), "FILTER_TOO_DEEP 21");
  EXPECT_EQ(Text(std::string(100'000, '(')), "FILTER_TOO_LONG 4001");

  std::string chinese = "full_name = ";
  while (chinese.size() < 12 + 3 * (kMaxFilterCharacters - 12)) chinese += "客";
  EXPECT_TRUE(Compile(chinese).ok());
  EXPECT_EQ(Text(chinese + "客"), "FILTER_TOO_LONG 4001");
}

// PLT-18: hostile text is a value like any other.
TEST_F(FilterTest, PutsNothingOfTheInputIntoTheSql) {
  const auto compiled =
      Compile(R"(full_name = "x' OR 1=1; DROP TABLE customer; --" tags:'"]}\\' )");
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(compiled->sql, "(full_name = ? AND JSON_CONTAINS(tags, ?))");
  EXPECT_THAT(compiled->values, ElementsAre(db::Value("x' OR 1=1; DROP TABLE customer; --"),
                                            db::Value(R"("\"]}\\")")));
}

// QUA-8
TEST_F(FilterTest, SurvivesRandomBytes) {
  std::mt19937 random(20260831);
  constexpr std::string_view kPieces[] = {"tier",
                                          "custom_fields",
                                          ".",
                                          "=",
                                          ":",
                                          "(",
                                          ")",
                                          "\"",
                                          "'",
                                          "\\u",
                                          "D83D",
                                          "AND",
                                          " ",
                                          "OR",
                                          "NOT",
                                          "-",
                                          "*",
                                          "客",
                                          "\xF0\x9F",
                                          "tags",
                                          "days_ago(",
                                          "1",
                                          "\xE2\x80\xAE",
                                          ","};
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string filter;
    for (auto n = random() % 12; n > 0; --n) {
      if (random() % 8 == 0) {
        filter += static_cast<char>(random());
      } else {
        filter += kPieces[random() % std::size(kPieces)];
      }
    }
    const auto compiled = Compile(filter);
    if (!compiled.ok()) {
      EXPECT_EQ(ErrorReason(compiled.status()), "FILTER_INVALID");
    } else {
      ++accepted;
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace crm::filter
