#include "common/text/national_ids.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace crm::text {
namespace {

constexpr std::string_view kCreditBody = "91440300MA5EXAMPL";

std::string CreditCode() {
  // M A 5 …: only letters of the alphabet.
  const std::string body(kCreditBody);
  return body + *CreditCodeCheckCharacter(body);
}

std::string ResidentId(std::string_view first17) {
  return std::string(first17) + *ResidentIdCheckCharacter(first17);
}

const absl::CivilDay kToday(2026, 1, 15);

TEST(CreditCode, KnownCodes) {  // CUS-2
  // Published codes of well-known organisations.
  for (const std::string_view code : {"91440300708461136T", "914403001922038216"}) {
    const Result<std::string> checked = NormalizeCreditCode(code);
    ASSERT_TRUE(checked.ok()) << code << ": " << checked.problem().rule;
    EXPECT_EQ(*checked, code);
  }
}

TEST(CreditCode, GeneratedCodePasses) {  // CUS-2
  EXPECT_TRUE(NormalizeCreditCode(CreditCode()).ok());
}

TEST(CreditCode, Cleaned) {
  EXPECT_EQ(*NormalizeCreditCode(" 91440300708461136t "), "91440300708461136T");
  EXPECT_EQ(*NormalizeCreditCode("９１４４０３００７０８４６１１３６Ｔ"), "91440300708461136T");
}

TEST(CreditCode, EverySingleWrongCharacterIsFound) {  // CUS-2
  const std::string good = CreditCode();
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char c : kAlphabet) {
      std::string bad = good;
      bad[i] = c;
      EXPECT_EQ(NormalizeCreditCode(bad).ok(), c == good[i]) << bad;
    }
  }
}

TEST(CreditCode, Refused) {  // CUS-2
  EXPECT_EQ(NormalizeCreditCode("").problem().rule, "CREDIT_CODE_LENGTH");
  EXPECT_EQ(NormalizeCreditCode("9144030070846113").problem().rule, "CREDIT_CODE_LENGTH");
  EXPECT_EQ(NormalizeCreditCode("91440300708461136I").problem().rule, "CREDIT_CODE_CHARACTERS");
  EXPECT_EQ(NormalizeCreditCode("9144030070846113O6").problem().rule, "CREDIT_CODE_CHARACTERS");
  EXPECT_EQ(NormalizeCreditCode("91A40300708461136T").problem().rule, "CREDIT_CODE_CHARACTERS");
  EXPECT_EQ(NormalizeCreditCode("914403007084611363").problem().rule, "CREDIT_CODE_CHECK");
  EXPECT_EQ(NormalizeCreditCode("统一社会信用代码统一社会信用代码统一").problem().rule,
            "CREDIT_CODE_CHARACTERS");
  EXPECT_EQ(CreditCodeCheckCharacter("short"), std::nullopt);
}

TEST(ResidentId, GoodOnes) {  // CUS-2
  // The example printed in GB 11643.
  EXPECT_EQ(*NormalizeResidentId("11010519491231002X", kToday), "11010519491231002X");
  EXPECT_EQ(*NormalizeResidentId(" 11010519491231002x ", kToday), "11010519491231002X");
  EXPECT_EQ(*NormalizeResidentId("１１０１０５１９４９１２３１００２Ｘ", kToday),
            "11010519491231002X");
  EXPECT_TRUE(NormalizeResidentId(ResidentId("44030120000229001"), kToday).ok());
  EXPECT_TRUE(NormalizeResidentId(ResidentId("44030120260115001"), kToday).ok());
}

TEST(ResidentId, Refused) {  // CUS-2
  const auto rule = [](std::string_view id) {
    return NormalizeResidentId(id, kToday).problem().rule;
  };
  EXPECT_EQ(rule(""), "RESIDENT_ID_LENGTH");
  EXPECT_EQ(rule("110105491231002"), "RESIDENT_ID_LENGTH");
  EXPECT_EQ(rule("1101051949123100XX"), "RESIDENT_ID_CHARACTERS");
  EXPECT_EQ(rule("11010519491231002Y"), "RESIDENT_ID_CHARACTERS");
  EXPECT_EQ(rule("身份证号码身份证号码身份证号码身份证"), "RESIDENT_ID_CHARACTERS");
  EXPECT_EQ(rule(ResidentId("99010519491231002")), "RESIDENT_ID_REGION");
  EXPECT_EQ(rule(ResidentId("11010519490229002")), "RESIDENT_ID_BIRTHDAY");
  EXPECT_EQ(rule(ResidentId("11010519491301002")), "RESIDENT_ID_BIRTHDAY");
  EXPECT_EQ(rule(ResidentId("11010519490000002")), "RESIDENT_ID_BIRTHDAY");
  EXPECT_EQ(rule(ResidentId("11010518991231002")), "RESIDENT_ID_BIRTHDAY");
  EXPECT_EQ(rule(ResidentId("11010520260116002")), "RESIDENT_ID_BIRTHDAY");
  EXPECT_EQ(rule("110105194912310021"), "RESIDENT_ID_CHECK");
}

TEST(ResidentId, Birthday) {
  EXPECT_EQ(BirthdayOfResidentId("11010519491231002X"), absl::CivilDay(1949, 12, 31));
  EXPECT_EQ(BirthdayOfResidentId("11010519490230002X"), std::nullopt);
  EXPECT_EQ(BirthdayOfResidentId("110105abcdefgh002X"), std::nullopt);
  EXPECT_EQ(BirthdayOfResidentId("1101"), std::nullopt);
}

}  // namespace
}  // namespace crm::text
