#include "common/text/decimal.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <optional>
#include <span>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/text/unicode.h"

namespace crm::text {
namespace {

constexpr Problem kEmpty{"DECIMAL_EMPTY", "请填写数字", "enter a number"};
constexpr Problem kFormat{"DECIMAL_FORMAT", "请填写数字，例如 180000.00 或 18万",
                          "enter a number like 180000.00 or 18万"};
constexpr Problem kPrecision{"DECIMAL_PRECISION", "小数位数过多",
                             "use fewer digits after the point"};
constexpr Problem kRange{"DECIMAL_RANGE", "数字过大", "the number is too large"};

constexpr std::array<int64_t, kMaxDecimalScale + 1> kPowersOfTen = [] {
  std::array<int64_t, kMaxDecimalScale + 1> powers{};
  int64_t power = 1;
  for (size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    if (i + 1 < powers.size()) power *= 10;
  }
  return powers;
}();

int64_t PowerOfTen(int exponent) {
  assert(exponent >= 0 && exponent <= kMaxDecimalScale);
  return kPowersOfTen[static_cast<size_t>(exponent)];
}

struct Unit {
  std::string_view name;
  int exponent;
};
// Longest first.
constexpr std::array<Unit, 9> kUnits = {{{"千万", 7},
                                         {"百万", 6},
                                         {"万亿", 12},
                                         {"亿", 8},
                                         {"億", 8},
                                         {"万", 4},
                                         {"萬", 4},
                                         {"千", 3},
                                         {"百", 2}}};
constexpr std::array<std::string_view, 5> kCurrencyBefore = {"¥", "￥", "CNY", "RMB", "人民币"};
constexpr std::array<std::string_view, 5> kCurrencyAfter = {"人民币", "CNY", "RMB", "元", "圆"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool StartsWith(std::string_view text, std::string_view token) {
  return absl::StartsWithIgnoreCase(absl::string_view(text.data(), text.size()),
                                    absl::string_view(token.data(), token.size()));
}

bool EndsWith(std::string_view text, std::string_view token) {
  return absl::EndsWithIgnoreCase(absl::string_view(text.data(), text.size()),
                                  absl::string_view(token.data(), token.size()));
}

void DropBefore(std::string_view& text, std::span<const std::string_view> tokens) {
  for (const std::string_view token : tokens) {
    if (!StartsWith(text, token)) continue;
    text = Trim(text.substr(token.size()));
    return;
  }
}

void DropAfter(std::string_view& text, std::span<const std::string_view> tokens) {
  for (const std::string_view token : tokens) {
    if (!EndsWith(text, token)) continue;
    text = Trim(text.substr(0, text.size() - token.size()));
    return;
  }
}

// Drops a currency and a unit from the end; the unit's power of ten.
int TakeUnit(std::string_view& text) {
  DropAfter(text, kCurrencyAfter);
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    text = Trim(text.substr(0, text.size() - unit.name.size()));
    return unit.exponent;
  }
  return 0;
}

bool TakeSign(std::string_view& text) {
  constexpr std::string_view kMinus = "−";  // U+2212
  if (text.starts_with(kMinus)) {
    text = Trim(text.substr(kMinus.size()));
    return true;
  }
  if (!text.starts_with('-') && !text.starts_with('+')) return false;
  const bool negative = text[0] == '-';
  text = Trim(text.substr(1));
  return negative;
}

// 1,234,567: a first group of one to three digits, then groups of three.
bool AreGroupsOfThree(std::string_view whole) {
  size_t comma = whole.find(',');
  if (comma == std::string_view::npos) return true;
  if (comma == 0 || comma > 3) return false;
  while (comma != std::string_view::npos) {
    whole.remove_prefix(comma + 1);
    comma = whole.find(',');
    if ((comma == std::string_view::npos ? whole.size() : comma) != 3) return false;
  }
  return true;
}

bool HasDigit(std::string_view text) { return std::any_of(text.begin(), text.end(), IsDigit); }

bool IsNumber(std::string_view whole, std::string_view fraction) {
  return std::all_of(whole.begin(), whole.end(), [](char c) { return IsDigit(c) || c == ','; }) &&
         std::all_of(fraction.begin(), fraction.end(), IsDigit) && AreGroupsOfThree(whole) &&
         HasDigit(whole);
}

// Appends digits to a number that stays negative, so that the smallest one fits too.
bool AppendDigit(int64_t& value, int digit) {
  return !__builtin_mul_overflow(value, int64_t{10}, &value) &&
         !__builtin_sub_overflow(value, int64_t{digit}, &value);
}

bool AppendZeros(int64_t& value, int count) {
  for (; count > 0 && value != 0; --count) {
    if (!AppendDigit(value, 0)) return false;
  }
  return true;
}

Result<int64_t> Scaled(std::string_view whole, std::string_view fraction, int exponent,
                       bool negative) {
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (fraction.size() > static_cast<size_t>(exponent)) return kPrecision;
  int64_t value = 0;
  for (const std::string_view digits : {whole, fraction}) {
    for (const char c : digits) {
      if (c != ',' && !AppendDigit(value, c - '0')) return kRange;
    }
  }
  if (!AppendZeros(value, exponent - static_cast<int>(fraction.size()))) return kRange;
  if (negative) return value;
  if (__builtin_sub_overflow(int64_t{0}, value, &value)) return kRange;
  return value;
}

Result<int64_t> Parse(std::string_view text, int scale) {
  if (text.empty()) return kEmpty;
  // The sign stands before the currency or after it.
  bool negative = TakeSign(text);
  if (!text.empty() && !IsDigit(text.front())) DropBefore(text, kCurrencyBefore);
  if (!negative) negative = TakeSign(text);
  const int unit = !text.empty() && !IsDigit(text.back()) ? TakeUnit(text) : 0;
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (point != std::string_view::npos && fraction.empty()) return kFormat;
  if (!IsNumber(whole, fraction)) return kFormat;
  return Scaled(whole, fraction, scale + unit, negative);
}

}  // namespace

Result<int64_t> ParseDecimal(std::string_view text, int scale) {
  assert(scale >= 0 && scale <= kMaxDecimalScale);
  text = Trim(text);
  if (IsAscii(text)) return Parse(text, scale);
  return Parse(ToHalfWidth(text), scale);
}

std::string FormatDecimal(int64_t scaled, int scale) {
  assert(scale >= 0 && scale <= kMaxDecimalScale);
  // Unsigned: the smallest number has no positive twin.
  const uint64_t magnitude =
      scaled < 0 ? uint64_t{0} - static_cast<uint64_t>(scaled) : static_cast<uint64_t>(scaled);
  std::string digits = std::to_string(magnitude);
  const auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, 1, '.');
  if (scaled < 0) digits.insert(0, 1, '-');
  return digits;
}

Result<int64_t> RoundHalfUp(int64_t scaled, int from_scale, int to_scale) {
  if (to_scale >= from_scale) {
    int64_t value = 0;
    if (__builtin_mul_overflow(scaled, PowerOfTen(to_scale - from_scale), &value)) return kRange;
    return value;
  }
  const int64_t divisor = PowerOfTen(from_scale - to_scale);
  const int64_t rest = scaled % divisor;
  const int64_t away = rest < 0 ? -1 : 1;
  const bool up = (rest < 0 ? -rest : rest) >= divisor / 2;
  return scaled / divisor + (up ? away : 0);
}

}  // namespace crm::text
