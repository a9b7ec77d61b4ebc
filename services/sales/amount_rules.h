// The money of an opportunity (SAL-1, SAL-5, SAL-18). Pure; amounts are decimals with two digits.
#ifndef CRM_SERVICES_SALES_AMOUNT_RULES_H_
#define CRM_SERVICES_SALES_AMOUNT_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/schema/validate.h"
#include "crm/sales/v1/opportunity.pb.h"

namespace crm::sales {

inline constexpr char kBaseCurrency[] = "CNY";

// A decimal field in hundredths; 0 if unknown.
int64_t CentsOf(const std::string& decimal);

// An amount of the opportunity's currency in the base currency, rounded half up; nothing if that is
// too large.
std::optional<std::string> InBaseCurrency(const v1::Opportunity& opportunity,
                                          const std::string& amount);

// Fills what follows from what is given: the amounts of products, the amount that they add up to,
// the base amount. Tells what is wrong. `before`: null for a new one.
std::vector<schema::Violation> NormalizeAmounts(const v1::Opportunity* before,
                                                v1::Opportunity& opportunity);

// The same of an opportunity as an older system has it: an amount may be unknown or 0, and differ
// from that of the products.
std::vector<schema::Violation> NormalizeHistoricAmounts(v1::Opportunity& opportunity);

// A change of the amount by more than 20 % of the reference needs a reason; with one the new amount
// becomes the reference.
std::optional<schema::Violation> CheckAmountChange(const v1::Opportunity& before,
                                                   const std::string& reason,
                                                   v1::Opportunity& after);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_AMOUNT_RULES_H_
