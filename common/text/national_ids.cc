#include "common/text/national_ids.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

constexpr Problem kCreditLength{"CREDIT_CODE_LENGTH", "统一社会信用代码为 18 位",
                                "a credit code has 18 characters"};
constexpr Problem kCreditCharacters{
    "CREDIT_CODE_CHARACTERS",
    "统一社会信用代码由数字和大写字母组成（不含 I、O、S、V、Z），第 3–8 位为数字",
    "use digits and letters without I, O, S, V, Z; characters 3 to 8 are digits"};
constexpr Problem kCreditCheck{"CREDIT_CODE_CHECK", "校验码不符，请对照营业执照检查",
                               "the check character does not match; compare with the licence"};
constexpr Problem kIdLength{"RESIDENT_ID_LENGTH", "身份证号码为 18 位",
                            "a resident id has 18 characters"};
constexpr Problem kIdCharacters{"RESIDENT_ID_CHARACTERS",
                                "身份证号码为 17 位数字加校验码（数字或 X）",
                                "use 17 digits and a check character, a digit or X"};
constexpr Problem kIdRegion{"RESIDENT_ID_REGION", "身份证号码前两位不是省级代码",
                            "the first two digits are not the code of a province"};
constexpr Problem kIdBirthday{"RESIDENT_ID_BIRTHDAY", "身份证号码中的出生日期不正确",
                              "the birth date in the number is not possible"};
constexpr Problem kIdCheck{"RESIDENT_ID_CHECK", "校验码不符，请对照身份证检查",
                           "the check character does not match; compare with the card"};

constexpr size_t kLength = 18;
constexpr size_t kBody = 17;
constexpr int kFirstYear = 1900;

// GB 32100: a character's value is its place.
constexpr std::string_view kCreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
constexpr std::array<int, kBody> kCreditWeights = {1,  3,  9,  27, 19, 26, 16, 17, 20,
                                                   29, 25, 13, 8,  24, 10, 30, 28};
// GB 11643: by the weighted sum modulo 11.
constexpr std::string_view kResidentCheck = "10X98765432";
constexpr std::array<int, kBody> kResidentWeights = {7, 9, 10, 5,  8, 4, 2, 1, 6,
                                                     3, 7, 9,  10, 5, 8, 4, 2};
constexpr std::string_view kProvinces =
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 "
    "71 81 82 83";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AreDigits(std::string_view text) { return std::all_of(text.begin(), text.end(), IsDigit); }

std::string Clean(std::string_view text) {
  std::string clean = ToHalfWidth(Trim(text));
  absl::AsciiStrToUpper(&clean);
  return clean;
}

int ToInt(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

std::optional<char> CreditCodeCheckCharacter(std::string_view first17) {
  if (first17.size() != kBody) return std::nullopt;
  size_t sum = 0;
  for (size_t i = 0; i < kBody; ++i) {
    const size_t value = kCreditAlphabet.find(first17[i]);
    if (value == std::string_view::npos) return std::nullopt;
    sum += value * static_cast<size_t>(kCreditWeights[i]);
  }
  const size_t modulus = kCreditAlphabet.size();
  return kCreditAlphabet[(modulus - sum % modulus) % modulus];
}

Result<std::string> NormalizeCreditCode(std::string_view text) {
  std::string code = Clean(text);
  if (CodePointLength(code) != kLength) return kCreditLength;
  const std::string_view view = code;
  const std::optional<char> check = CreditCodeCheckCharacter(view.substr(0, kBody));
  if (!check || !AreDigits(view.substr(2, 6))) return kCreditCharacters;
  if (kCreditAlphabet.find(code.back()) == std::string_view::npos) return kCreditCharacters;
  if (code.back() != *check) return kCreditCheck;
  return code;
}

std::optional<char> ResidentIdCheckCharacter(std::string_view first17) {
  if (first17.size() != kBody || !AreDigits(first17)) return std::nullopt;
  int sum = 0;
  for (size_t i = 0; i < kBody; ++i) sum += (first17[i] - '0') * kResidentWeights[i];
  return kResidentCheck[static_cast<size_t>(sum) % kResidentCheck.size()];
}

Result<std::string> NormalizeResidentId(std::string_view text, absl::CivilDay today) {
  std::string id = Clean(text);
  if (CodePointLength(id) != kLength) return kIdLength;
  const std::optional<char> check =
      ResidentIdCheckCharacter(std::string_view(id).substr(0, id.size() - 1));
  if (!check || (!IsDigit(id.back()) && id.back() != 'X')) return kIdCharacters;
  if (kProvinces.find(std::string_view(id).substr(0, 2)) == std::string_view::npos) {
    return kIdRegion;
  }
  const std::optional<absl::CivilDay> birthday = BirthdayOfResidentId(id);
  if (!birthday || birthday->year() < kFirstYear || *birthday > today) return kIdBirthday;
  if (id.back() != *check) return kIdCheck;
  return id;
}

std::optional<absl::CivilDay> BirthdayOfResidentId(std::string_view id) {
  if (id.size() != kLength || !AreDigits(id.substr(6, 8))) return std::nullopt;
  const int year = ToInt(id.substr(6, 4));
  const int month = ToInt(id.substr(10, 2));
  const int day = ToInt(id.substr(12, 2));
  const absl::CivilDay date(year, month, day);
  // CivilDay carries 31 April over to 1 May.
  if (date.month() != month || date.day() != day) return std::nullopt;
  return date;
}

}  // namespace crm::text
