#include "common/schema/value_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/text/dates.h"
#include "common/text/decimal.h"
#include "common/text/email.h"
#include "common/text/national_ids.h"
#include "common/text/phone.h"
#include "common/text/unicode.h"

namespace crm::schema {

namespace opt = crm::options::v1;

namespace {

constexpr int kDecimalScale = 2;
constexpr size_t kMaxDecimalDigits = 15;  // before the point: fits a DECIMAL(19,2) and an int64

Breach FromProblem(const text::Problem& problem) {
  return {std::string(problem.rule), std::string(problem.mend_en), std::string(problem.mend_zh)};
}

// Replaces `value` by its normal form.
template <typename Result>
std::optional<Breach> Take(Result normal, std::string& value) {
  if (!normal.ok()) return FromProblem(normal.problem());
  value = *std::move(normal);
  return std::nullopt;
}

bool IsCodeCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
         c == ':' || c == '@';
}

std::optional<Breach> CheckText(const FieldSchema& field, const std::string& value) {
  if (!text::IsValidUtf8(value)) {
    return Breach{"TEXT_ENCODING", "send valid UTF-8", "请使用有效的 UTF-8 编码"};
  }
  std::string one_line;
  const bool lines = field.options->format() == opt::FORMAT_TEXT;
  if (lines) {
    one_line = value;
    std::replace_if(
        one_line.begin(), one_line.end(),
        [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  }
  if (text::HasControlCharacters(lines ? one_line : value)) {
    return Breach{"TEXT_CONTROL_CHARACTERS",
                  "remove control characters and marks that change the text direction",
                  "请删除控制字符和文字方向标记"};
  }
  if (text::Trim(value).size() != value.size()) {
    return Breach{"TEXT_SURROUNDING_SPACE", "remove white space at the beginning and the end",
                  "请删除首尾空白"};
  }
  return std::nullopt;
}

std::optional<Breach> CheckLength(const FieldSchema& field, const std::string& value) {
  const size_t max = static_cast<size_t>(field.max_length);
  if (value.size() <= max && field.options->min_length() <= 1) return std::nullopt;
  const size_t length = text::CodePointLength(value);
  if (length > max) {
    return Breach{"TEXT_TOO_LONG", absl::StrCat("use at most ", max, " characters"),
                  absl::StrCat("最多 ", max, " 个字符")};
  }
  if (length < field.options->min_length()) {
    return Breach{"TEXT_TOO_SHORT",
                  absl::StrCat("use at least ", field.options->min_length(), " characters"),
                  absl::StrCat("至少 ", field.options->min_length(), " 个字符")};
  }
  return std::nullopt;
}

std::optional<Breach> CheckRange(const FieldSchema& field, bool too_small, bool too_large) {
  if (!too_small && !too_large) return std::nullopt;
  const auto& options = *field.options;
  if (options.has_min() && options.has_max()) {
    return Breach{"NUMBER_OUT_OF_RANGE",
                  absl::StrCat("use a number from ", options.min(), " to ", options.max()),
                  absl::StrCat("请填写 ", options.min(), " 到 ", options.max(), " 之间的数")};
  }
  if (too_small) {
    return Breach{"NUMBER_TOO_SMALL", absl::StrCat("use a number of at least ", options.min()),
                  absl::StrCat("不得小于 ", options.min())};
  }
  return Breach{"NUMBER_TOO_LARGE", absl::StrCat("use a number of at most ", options.max()),
                absl::StrCat("不得大于 ", options.max())};
}

std::optional<Breach> CheckDecimal(const FieldSchema& field, std::string& value) {
  std::optional<std::string> canonical = CanonicalDecimal(value, kDecimalScale);
  if (!canonical.has_value()) {
    return Breach{"DECIMAL_FORMAT",
                  "use a decimal number with at most 2 digits after the point, such as 180000.00",
                  "请填写最多两位小数的数字，例如 180000.00"};
  }
  value = *std::move(canonical);
  const bool negative = value.front() == '-';
  if (negative && !field.options->has_min()) {
    return Breach{"NUMBER_TOO_SMALL", "use a number of at least 0", "不得小于 0"};
  }
  if (!field.options->has_min() && !field.options->has_max()) return std::nullopt;
  const auto scaled = text::ParseDecimal(value, kDecimalScale);
  if (!scaled.ok()) return FromProblem(scaled.problem());
  return CheckRange(field, field.options->has_min() && *scaled < field.options->min() * 100,
                    field.options->has_max() && *scaled > field.options->max() * 100);
}

std::optional<Breach> CheckFormat(const FieldSchema& field, absl::Time now, std::string& value) {
  switch (field.options->format()) {
    case opt::FORMAT_PHONE:
      return Take(text::NormalizePhone(value, {.allow_landline = false}), value);
    case opt::FORMAT_PHONE_OR_LANDLINE:
      return Take(text::NormalizePhone(value, {.allow_landline = true}), value);
    case opt::FORMAT_EMAIL:
      return Take(text::NormalizeEmail(value), value);
    case opt::FORMAT_CREDIT_CODE:
      return Take(text::NormalizeCreditCode(value), value);
    case opt::FORMAT_RESIDENT_ID:
      return Take(text::NormalizeResidentId(value, absl::ToCivilDay(now, absl::UTCTimeZone()) + 1),
                  value);
    case opt::FORMAT_URL:
      return Take(text::NormalizeUrl(value), value);
    case opt::FORMAT_DECIMAL:
      return CheckDecimal(field, value);
    case opt::FORMAT_DATE:
      if (text::IsIsoDate(value)) return std::nullopt;
      return Breach{"DATE_FORMAT", "use a date that exists, as YYYY-MM-DD",
                    "请填写存在的日期，格式 YYYY-MM-DD"};
    case opt::FORMAT_CODE:
      if (std::all_of(value.begin(), value.end(), IsCodeCharacter)) return std::nullopt;
      return Breach{"CODE_CHARACTERS", "use only letters, digits and - _ . : @",
                    "只能使用字母、数字和 - _ . : @"};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Breach> CheckString(const FieldSchema& field, absl::Time now, std::string& value) {
  if (field.kind == FieldKind::kBytes) {
    if (value.size() <= static_cast<size_t>(field.max_length)) return std::nullopt;
    return Breach{"BYTES_TOO_LONG", absl::StrCat("send at most ", field.max_length, " bytes"),
                  absl::StrCat("最多 ", field.max_length, " 字节")};
  }
  // A value far over its bound is refused before anything walks over it.
  if (value.size() > static_cast<size_t>(field.max_length) * 4) {
    return Breach{"TEXT_TOO_LONG", absl::StrCat("use at most ", field.max_length, " characters"),
                  absl::StrCat("最多 ", field.max_length, " 个字符")};
  }
  if (auto breach = CheckText(field, value)) return breach;
  if (auto breach = CheckFormat(field, now, value)) return breach;
  if (auto breach = CheckLength(field, value)) return breach;
  if (field.pattern != nullptr && !RE2::FullMatch(value, *field.pattern)) {
    return Breach{"TEXT_PATTERN",
                  absl::StrCat("the whole value must match ", field.options->pattern()),
                  absl::StrCat("必须符合格式 ", field.options->pattern())};
  }
  return std::nullopt;
}

std::optional<Breach> CheckInteger(const FieldSchema& field, int64_t value) {
  const auto& options = *field.options;
  return CheckRange(field, options.has_min() && value < options.min(),
                    options.has_max() && value > options.max());
}

std::optional<std::string> CanonicalDecimal(std::string_view text, int scale) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, point);
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  const auto digits = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || !digits(whole) || !digits(fraction)) return std::nullopt;
  if (point + 1 == text.size()) return std::nullopt;  // "12."
  while (fraction.size() > static_cast<size_t>(scale) && fraction.back() == '0') {
    fraction.remove_suffix(1);
  }
  if (fraction.size() > static_cast<size_t>(scale)) return std::nullopt;
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  if (whole.size() > kMaxDecimalDigits) return std::nullopt;
  std::string canonical(whole);
  canonical += '.';
  canonical += fraction;
  canonical.append(static_cast<size_t>(scale) - fraction.size(), '0');
  const bool zero = canonical.find_first_not_of("0.") == std::string::npos;
  return negative && !zero ? "-" + canonical : canonical;
}

}  // namespace crm::schema
