// Budgets as spreadsheets write them: a band in one cell (CUS-6). Pure.
//
//   ParseBudgetBand("10万-50万")  → [100000.00, 500000.00)
//   ParseBudgetBand("100k–300k") → [100000.00, 300000.00)
//   ParseBudgetBand("<1万")      → [ , 10000.00)
//   ParseBudgetBand("50万以上")   → [500000.00, )
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_BUDGET_BAND_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_BUDGET_BAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crm::customer::import {

struct BudgetBand {
  // Decimals with two digits, CNY; empty = open.
  std::string lower;
  std::string upper;
};

// `unit`: what numbers without a unit of their own are multiplied with. Nothing if it is no band.
std::optional<BudgetBand> ParseBudgetBand(std::string_view text, int64_t unit);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_BUDGET_BAND_H_
