// The bands under which budgets are shown (CUS-6), and their names. Pure.
//
//   const std::vector<AmountRange> bands = BandsOf(settings);
//   RangeLabel(BandAround({12'000'000, 40'000'000}, bands), language)   // "10万-50万元"
#ifndef CRM_SERVICES_CUSTOMER_BUDGET_BANDS_H_
#define CRM_SERVICES_CUSTOMER_BUDGET_BANDS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "common/schema/language.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/customer/v1/settings.pb.h"

namespace crm::customer {

// [lower, upper) in hundredths of a CNY.
struct AmountRange {
  static constexpr int64_t kOpen = std::numeric_limits<int64_t>::max();

  int64_t lower = 0;
  int64_t upper = kOpen;
};

// Of version 1 of the settings.
std::vector<AmountRange> DefaultBudgetBands();

// Absent bounds are 0 and open. Nothing if a bound is no amount.
std::optional<AmountRange> ParseRange(std::string_view lower, std::string_view upper);
std::vector<AmountRange> BandsOf(const v1::CustomerSettings& settings);

// The bands that a budget lies in, as one: from the lower bound of the first to the upper bound of
// the last. A bound of the budget that lies in no band stays as it is.
AmountRange BandAround(AmountRange budget, absl::Span<const AmountRange> bands);

// As people say it: `10万-30万元`, `1万元以下`, `50万元以上`; `100k-300k CNY`, `<10k CNY`, `≥500k
// CNY`.
std::string RangeLabel(AmountRange range, schema::Language language);

// Sets or clears the band of the customer's budget.
void FillBudgetBand(absl::Span<const AmountRange> bands, schema::Language language,
                    v1::Customer& customer);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_BUDGET_BANDS_H_
