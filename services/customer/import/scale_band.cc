#include "services/customer/import/scale_band.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_replace.h"
#include "common/base/absl_view.h"
#include "common/text/decimal.h"
#include "common/text/unicode.h"

namespace crm::customer::import {
namespace {

constexpr std::array<std::string_view, 6> kTo = {"–", "—", "~", "至", "到", "-"};

// In signs, without what a head count may come with.
std::string Bare(std::string_view text) {
  return absl::StrReplaceAll(
      text::FoldForSearch(text),
      {{"employees", ""}, {"employee", ""}, {"people", ""},     {"persons", ""},
       {"staff", ""},     {"员工", ""},     {"职工", ""},       {"人员", ""},
       {"人数", ""},      {"人", ""},       {"名", ""},         {"大约", ""},
       {"约", ""},        {"左右", ""},     {"余", ""},         {"多", ""},
       {"about", ""},     {"approx.", ""},  {"approx", ""},     {" ", ""},
       {"k", "千"},       {"w", "万"},      {">=", ">"},        {"≥", ">"},
       {"+", ">"},        {"以上", ">"},    {"及以上", ">"},    {"不少于", ">"},
       {"不低于", ">"},   {"至少", ">"},    {"超过", ">"},      {"多于", ">"},
       {"大于", ">"},     {"over", ">"},    {"more than", ">"}, {"<=", "<"},
       {"≤", "<"},        {"以下", "<"},    {"及以下", "<"},    {"以内", "<"},
       {"不超过", "<"},   {"不多于", "<"},  {"少于", "<"},      {"小于", "<"},
       {"不足", "<"},     {"under", "<"},   {"less than", "<"}, {"fewer than", "<"}});
}

// Digits and units only: no amount of money, no date.
std::optional<int64_t> Count(std::string_view text) {
  const std::string digits =
      absl::StrReplaceAll(ToAbsl(text), {{"百", ""}, {"千", ""}, {"万", ""}});
  if (digits.find_first_not_of("0123456789.,") != std::string::npos) return std::nullopt;
  const text::Result<int64_t> number = text::ParseDecimal(text, 0);
  if (!number.ok()) return std::nullopt;
  return *number;
}

// Removes the sign.
bool Take(std::string_view sign, std::string& text) {
  const size_t at = text.find(sign);
  if (at == std::string::npos) return false;
  text.erase(at, sign.size());
  return true;
}

// Counts that lie within, both ends too.
struct Range {
  int64_t lowest = 0;
  int64_t highest = 0;
};

std::optional<Range> Below(std::string_view text) {
  const std::optional<int64_t> count = Count(text);
  if (!count.has_value() || *count == 0) return std::nullopt;
  return Range{0, *count - 1};
}

std::optional<Range> Above(std::string_view text) {
  const std::optional<int64_t> count = Count(text);
  if (!count.has_value() || *count == std::numeric_limits<int64_t>::max()) return std::nullopt;
  return Range{*count + 1, std::numeric_limits<int64_t>::max()};
}

// Lists of bands have each limit twice, `200-500` and `500-1000`: it says nothing.
std::optional<Range> Between(std::string_view low, std::string_view high) {
  const std::optional<int64_t> lowest = Count(low);
  const std::optional<int64_t> highest = Count(high);
  if (!lowest.has_value() || !highest.has_value() || *highest < *lowest) return std::nullopt;
  if (*highest - *lowest < 2) return Range{*lowest, *highest};
  return Range{*lowest + 1, *highest - 1};
}

std::optional<Range> RangeOf(std::string text) {
  if (Take("<", text)) return Below(text);
  if (Take(">", text)) return Above(text);
  for (const std::string_view mark : kTo) {
    const size_t at = text.find(mark);
    if (at == std::string::npos) continue;
    return Between(std::string_view(text).substr(0, at),
                   std::string_view(text).substr(at + mark.size()));
  }
  return Between(text, text);
}

v1::Scale BandOf(int64_t count) {
  if (count < 500) return v1::SCALE_UNDER_500;
  return count <= 2000 ? v1::SCALE_500_TO_2000 : v1::SCALE_OVER_2000;
}

}  // namespace

std::optional<v1::Scale> ParseScale(std::string_view text) {
  const std::optional<Range> range = RangeOf(Bare(text));
  if (!range.has_value()) return std::nullopt;
  const v1::Scale band = BandOf(range->lowest);
  if (band != BandOf(range->highest)) return std::nullopt;
  return band;
}

}  // namespace crm::customer::import
