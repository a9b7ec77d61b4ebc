#include "services/customer/import/budget_band.h"

#include <array>
#include <limits>
#include <utility>

#include "absl/strings/str_replace.h"
#include "common/text/decimal.h"
#include "common/text/unicode.h"

namespace crm::customer::import {
namespace {

constexpr int kScale = 2;

bool Consume(std::string& text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string::npos) return false;
  text.erase(at, mark.size());
  return true;
}

template <size_t N>
bool ConsumeAny(std::string& text, const std::array<std::string_view, N>& marks) {
  for (std::string_view mark : marks) {
    if (Consume(text, mark)) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 8> kBelow = {"<=",   "<",      "≤",    "以下",
                                                    "以内", "不超过", "低于", "under"};
constexpr std::array<std::string_view, 7> kAbove = {">=", ">", "≥", "以上", "超过", "高于", "over"};
constexpr std::array<std::string_view, 6> kTo = {"–", "—", "~", "至", "到", "-"};

// The unit at the end of a number, empty if it has none.
std::string_view UnitSuffix(std::string_view number) {
  for (std::string_view unit : {"百万", "千万", "亿", "万", "千", "百"}) {
    if (number.ends_with(unit)) return unit;
  }
  return "";
}

std::string Folded(std::string_view text) {
  return absl::StrReplaceAll(text::FoldForSearch(text), {{"人民币", ""},
                                                         {"cny", ""},
                                                         {"rmb", ""},
                                                         {"¥", ""},
                                                         {"元", ""},
                                                         {" ", ""},
                                                         {"k", "千"},
                                                         {"w", "万"},
                                                         {"m", "百万"},
                                                         {"至少", ">"}});
}

std::optional<std::string> Amount(std::string_view number, std::string_view fallback_unit,
                                  int64_t unit) {
  std::string text(number);
  const bool own_unit = !UnitSuffix(number).empty();
  if (!own_unit) text += fallback_unit;
  const text::Result<int64_t> scaled = text::ParseDecimal(text, kScale);
  if (!scaled.ok() || *scaled < 0) return std::nullopt;
  const int64_t factor = own_unit || !fallback_unit.empty() ? 1 : unit;
  if (*scaled > std::numeric_limits<int64_t>::max() / factor) return std::nullopt;
  return text::FormatDecimal(*scaled * factor, kScale);
}

}  // namespace

std::optional<BudgetBand> ParseBudgetBand(std::string_view text, int64_t unit) {
  std::string rest = Folded(text);
  BudgetBand band;
  if (ConsumeAny(rest, kBelow)) {
    auto upper = Amount(rest, "", unit);
    if (!upper.has_value()) return std::nullopt;
    band.upper = *std::move(upper);
    return band;
  }
  if (ConsumeAny(rest, kAbove)) {
    auto lower = Amount(rest, "", unit);
    if (!lower.has_value()) return std::nullopt;
    band.lower = *std::move(lower);
    return band;
  }
  for (std::string_view mark : kTo) {
    const size_t at = rest.find(mark);
    if (at == std::string::npos || at == 0) continue;
    const std::string_view high = std::string_view(rest).substr(at + mark.size());
    auto lower = Amount(std::string_view(rest).substr(0, at), UnitSuffix(high), unit);
    auto upper = Amount(high, "", unit);
    if (!lower.has_value() || !upper.has_value()) return std::nullopt;
    return BudgetBand{*std::move(lower), *std::move(upper)};
  }
  return std::nullopt;
}

}  // namespace crm::customer::import
