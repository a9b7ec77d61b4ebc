#include "common/text/phone.h"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr Problem kEmpty{"PHONE_EMPTY", "请填写电话号码", "enter a phone number"};
constexpr Problem kCharacters{"PHONE_CHARACTERS", "电话号码只能包含数字、空格、- 和 +",
                              "use only digits, spaces, - and +"};
constexpr Problem kSeveral{"PHONE_SEVERAL", "每个电话字段只能填写一个号码",
                           "enter one number only; put the others into fields of their own"};
constexpr Problem kFormat{"PHONE_FORMAT", "请填写 11 位手机号码，境外号码以 + 和国家代码开头",
                          "enter an 11-digit Chinese mobile, or a foreign number with + and its "
                          "country code"};
constexpr Problem kAreaCode{"PHONE_AREA_CODE", "固定电话请加区号，例如 0755-88886666",
                            "enter the landline with its area code, such as 0755-88886666"};
constexpr Problem kLandline{"PHONE_LANDLINE", "此处只能填写手机号码", "enter a mobile number"};
constexpr Problem kForeign{"PHONE_FOREIGN", "该国家没有这样的号码，请检查国家代码和位数",
                           "no such number in that country; check the country code and length"};

constexpr size_t kMobileLength = 11;
constexpr size_t kMaxDigits = 31;
constexpr size_t kMaxExtension = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsMobileStart(std::string_view digits) {
  return digits.size() >= 2 && digits[0] == '1' && digits[1] >= '3';
}

bool IsMobileDigits(std::string_view digits) {
  return digits.size() == kMobileLength && IsMobileStart(digits);
}

// A number as typed: its digits, and where something stood between them.
struct Typed {
  bool plus = false;
  std::array<char, kMaxDigits> buffer{};
  size_t size = 0;
  std::bitset<kMaxDigits + 1> breaks;  // breaks[i]: a separator before digit i
  std::optional<size_t> extension;     // the digit at which a marked extension starts

  std::string_view digits() const { return {buffer.data(), size}; }
};

bool IsDash(char32_t c) { return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212; }

bool IsSeparator(char32_t c) {
  return c == '.' || c == '(' || c == ')' || c == 0xB7 || IsDash(c) || IsSpace(c) || IsInvisible(c);
}

bool IsListMark(char32_t c) {
  return c == '/' || c == ',' || c == ';' || c == '|' || c == U'、' || c == U'或';
}

char32_t HalfWidth(char32_t c) { return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFEE0 : c; }

// Consumes 转, 分机, ext, x or #, of which `c` was the start; false if it is none of them.
bool SkipExtensionMark(char32_t c, std::string_view text, CodePoints& points) {
  if (c == U'转' || c == U'轉' || c == '#' || c == 'x' || c == 'X') return true;
  const std::string_view rest = text.substr(points.position());
  if (c == U'分' && rest.starts_with("机")) {
    points.Next();
    return true;
  }
  if ((c != 'e' && c != 'E') || !(rest.starts_with("xt") || rest.starts_with("XT"))) return false;
  points.Next();
  points.Next();
  return true;
}

const Problem* Read(std::string_view text, Typed& typed) {
  for (CodePoints points(text); !points.done();) {
    const char32_t c = HalfWidth(points.Next());
    if (c < 0x80 && IsDigit(static_cast<char>(c))) {
      if (typed.size == kMaxDigits) return &kFormat;
      typed.buffer[typed.size++] = static_cast<char>(c);
    } else if (IsSeparator(c)) {
      typed.breaks.set(typed.size);
    } else if (c == '+' && typed.size == 0 && !typed.plus) {
      typed.plus = true;
    } else if (IsListMark(c)) {
      return &kSeveral;
    } else if (typed.size > 0 && SkipExtensionMark(c, text, points)) {
      if (typed.extension && *typed.extension != typed.size) return &kCharacters;
      typed.extension = typed.size;  // 转分机 is two marks at one place
    } else {
      return &kCharacters;
    }
  }
  return typed.size == 0 ? &kEmpty : nullptr;
}

Result<std::string> NormalizeForeign(std::string_view digits) {
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(absl::StrCat("+", absl::string_view(digits.data(), digits.size())), "ZZ",
                 &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !util.IsValidNumber(number)) {
    return kForeign;
  }
  std::string e164;
  util.Format(number, PhoneNumberUtil::E164, &e164);
  return e164;
}

// How many digits at the front are the code for +86, 0 if none.
size_t ChinaPrefix(const Typed& typed) {
  const std::string_view digits = typed.digits();
  if (typed.plus) return digits.starts_with("86") ? 2 : 0;
  if (digits.starts_with("0086")) return 4;
  if (!digits.starts_with("86")) return 0;
  return typed.breaks[2] || IsMobileDigits(digits.substr(2)) ? 2 : 0;
}

bool IsServiceNumber(std::string_view digits) {
  return digits.starts_with("400") || digits.starts_with("800");
}

// A national number: the digits from `start` on.
struct Landline {
  std::string_view area;  // without the leading 0
  size_t number_start;
  size_t min_length;
  size_t max_length;
  bool service;
};

// The area code at `start`; `trunk` if its 0 was typed or +86 stands for it.
std::optional<Landline> ReadAreaCode(std::string_view digits, size_t start, bool abroad) {
  if (IsServiceNumber(digits.substr(start))) {
    return Landline{digits.substr(start, 3), start + 3, 7, 7, true};
  }
  if (start < digits.size() && digits[start] == '0') {
    ++start;
  } else if (!abroad) {
    return std::nullopt;
  }
  const std::string_view rest = digits.substr(start);
  if (rest.size() < 3 || rest[0] == '0') return std::nullopt;
  const bool two_digits = rest.starts_with("10") || rest[0] == '2';
  if (!two_digits && rest[0] == '1') return std::nullopt;
  const size_t length = two_digits ? 2 : 3;
  return Landline{rest.substr(0, length), start + length, 7, 8, false};
}

// Where the local number ends: at a marked extension, at a separator that leaves a whole number
// before it, or at the end.
std::optional<size_t> NumberEnd(const Typed& typed, const Landline& line) {
  const size_t first = line.number_start + line.min_length;
  const size_t last = std::min(line.number_start + line.max_length, typed.size);
  for (size_t end = first; end <= last; ++end) {
    if (typed.extension ? *typed.extension == end : end == typed.size || typed.breaks[end]) {
      return end;
    }
  }
  return std::nullopt;
}

Result<std::string> NormalizeLandline(const Typed& typed, size_t start, bool abroad,
                                      const PhonePolicy& policy) {
  const std::string_view digits = typed.digits();
  const std::optional<Landline> line = ReadAreaCode(digits, start, abroad);
  if (!line) {
    const size_t length = digits.size() - start;
    return length == 7 || length == 8 ? kAreaCode : kFormat;
  }
  const std::optional<size_t> end = NumberEnd(typed, *line);
  if (!end) return kFormat;
  // No local number starts with 0 or 1.
  if (!line->service && digits[line->number_start] < '2') return kFormat;
  if (!policy.allow_landline) return kLandline;
  const std::string_view number = digits.substr(line->number_start, *end - line->number_start);
  const std::string_view extension = digits.substr(*end);
  if (extension.size() > kMaxExtension) return kFormat;
  std::string phone(line->service ? "" : "0");
  phone.append(line->area).append("-").append(number);
  if (!extension.empty()) phone.append("-").append(extension);
  return phone;
}

// Spreadsheets store a long number as 13812345678.0.
std::string_view WithoutFloatTail(std::string_view text) {
  if (text.ends_with(".0") && IsMobileDigits(text.substr(0, text.size() - 2))) {
    text.remove_suffix(2);
  }
  return text;
}

}  // namespace

Result<std::string> NormalizePhone(std::string_view text, const PhonePolicy& policy) {
  if (IsChineseMobile(text)) return std::string(text);
  Typed typed;
  if (const Problem* problem = Read(WithoutFloatTail(Trim(text)), typed)) return *problem;
  const std::string_view digits = typed.digits();
  const size_t prefix = ChinaPrefix(typed);
  const bool international = typed.plus || digits.starts_with("00");
  if (international && prefix == 0) {
    if (typed.extension) return kForeign;
    return NormalizeForeign(typed.plus ? digits : digits.substr(2));
  }
  std::string_view national = digits.substr(prefix);
  // 0 before a mobile: dialled so from another city.
  if (national.starts_with("01") && IsMobileStart(national.substr(1))) national.remove_prefix(1);
  if (IsMobileStart(national)) {
    if (typed.extension || !IsMobileDigits(national)) return kFormat;
    return std::string(national);
  }
  return NormalizeLandline(typed, prefix, prefix > 0, policy);
}

bool IsChineseMobile(std::string_view phone) {
  return IsMobileDigits(phone) && std::all_of(phone.begin(), phone.end(), IsDigit);
}

PhoneKind KindOfPhone(std::string_view phone) {
  if (phone.starts_with('+')) return PhoneKind::kForeign;
  return IsChineseMobile(phone) ? PhoneKind::kChineseMobile : PhoneKind::kLandline;
}

}  // namespace crm::text
