#include "services/customer/budget_bands.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/text/decimal.h"

namespace crm::customer {
namespace {

constexpr int kMoneyScale = 2;
constexpr int64_t kYuan = 100;

// `30万`, `8000`, `300k`: as people say amounts.
std::string ShortAmount(int64_t cents, schema::Language language) {
  const int64_t yuan = cents / kYuan;
  const bool whole = cents % kYuan == 0;
  if (language == schema::Language::kChinese) {
    if (whole && yuan % 10'000 == 0 && yuan > 0) return absl::StrCat(yuan / 10'000, "万");
  } else {
    if (whole && yuan % 1'000'000 == 0 && yuan > 0) return absl::StrCat(yuan / 1'000'000, "M");
    if (whole && yuan % 1'000 == 0 && yuan > 0) return absl::StrCat(yuan / 1'000, "k");
  }
  return whole ? absl::StrCat(yuan) : text::FormatDecimal(cents, kMoneyScale);
}

}  // namespace

std::vector<AmountRange> DefaultBudgetBands() {
  std::vector<AmountRange> bands;
  int64_t lower = 0;
  for (const int64_t upper : {10'000, 50'000, 100'000, 300'000, 500'000}) {
    bands.push_back({lower, upper * kYuan});
    lower = upper * kYuan;
  }
  bands.push_back({lower, AmountRange::kOpen});
  return bands;
}

std::optional<AmountRange> ParseRange(std::string_view lower, std::string_view upper) {
  AmountRange range;
  if (!lower.empty()) {
    const auto amount = text::ParseDecimal(lower, kMoneyScale);
    if (!amount.ok()) return std::nullopt;
    range.lower = *amount;
  }
  if (!upper.empty()) {
    const auto amount = text::ParseDecimal(upper, kMoneyScale);
    if (!amount.ok()) return std::nullopt;
    range.upper = *amount;
  }
  return range;
}

std::vector<AmountRange> BandsOf(const v1::CustomerSettings& settings) {
  std::vector<AmountRange> bands;
  for (const v1::BudgetBand& band : settings.budget_bands()) {
    const std::optional<AmountRange> range = ParseRange(band.lower(), band.upper());
    if (range.has_value()) bands.push_back(*range);
  }
  return bands;
}

AmountRange BandAround(AmountRange budget, absl::Span<const AmountRange> bands) {
  AmountRange around = budget;
  for (const AmountRange& band : bands) {
    if (band.lower <= budget.lower && budget.lower < band.upper) around.lower = band.lower;
    if (band.lower < budget.upper && budget.upper <= band.upper) around.upper = band.upper;
  }
  return around;
}

std::string RangeLabel(AmountRange range, schema::Language language) {
  const bool chinese = language == schema::Language::kChinese;
  const absl::string_view unit = chinese ? "元" : " CNY";
  const std::string lower = ShortAmount(range.lower, language);
  if (range.upper == AmountRange::kOpen) {
    return chinese ? absl::StrCat(lower, unit, "以上") : absl::StrCat("≥", lower, unit);
  }
  const std::string upper = ShortAmount(range.upper, language);
  if (range.lower == 0) {
    return chinese ? absl::StrCat(upper, unit, "以下") : absl::StrCat("<", upper, unit);
  }
  return absl::StrCat(lower, "-", upper, unit);
}

void FillBudgetBand(absl::Span<const AmountRange> bands, schema::Language language,
                    v1::Customer& customer) {
  customer.clear_budget_band();
  if (customer.budget_lower().empty() && customer.budget_upper().empty()) return;
  const std::optional<AmountRange> budget =
      ParseRange(customer.budget_lower(), customer.budget_upper());
  if (!budget.has_value()) return;
  customer.set_budget_band(RangeLabel(BandAround(*budget, bands), language));
}

}  // namespace crm::customer
