// Decimal numbers as scaled integers, never floating point: with scale 2 the value 18000000 is
// 180000.00.
//
//   ParseDecimal("¥18万", 2)      → 18000000
//   ParseDecimal("1.5万元", 2)    → 1500000
//   ParseDecimal("0.125", 2)      → DECIMAL_PRECISION; nothing is rounded unless asked to
//
// Accepted: sign, ¥ ￥ CNY RMB 人民币 before or 元 圆 人民币 CNY RMB after, 千 百 万 亿 units,
// full-width forms, commas between groups of three digits. Other currencies are refused. Pure,
// thread-safe, no allocation for ASCII.
#ifndef CRM_COMMON_TEXT_DECIMAL_H_
#define CRM_COMMON_TEXT_DECIMAL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "common/text/result.h"

namespace crm::text {

inline constexpr int kMaxDecimalScale = 18;

// `scale` in [0, kMaxDecimalScale].
// Problems: DECIMAL_EMPTY, DECIMAL_FORMAT, DECIMAL_PRECISION, DECIMAL_RANGE.
Result<int64_t> ParseDecimal(std::string_view text, int scale);

// All `scale` digits after the point, no grouping: 18000000, 2 → "180000.00".
std::string FormatDecimal(int64_t scaled, int scale);

// From one scale to another, halves away from zero. Problem: DECIMAL_RANGE (only when the scale
// grows).
Result<int64_t> RoundHalfUp(int64_t scaled, int from_scale, int to_scale);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_DECIMAL_H_
