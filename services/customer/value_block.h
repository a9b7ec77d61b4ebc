// The value block of a customer (CUS-7): computed from purchases and the opening balance, never
// typed in. Pure; amounts are decimals with two digits, CNY.
#ifndef CRM_SERVICES_CUSTOMER_VALUE_BLOCK_H_
#define CRM_SERVICES_CUSTOMER_VALUE_BLOCK_H_

#include <cstdint>
#include <string>

#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

struct OpeningBalance {
  std::string amount;
  int64_t count = 0;
  std::string as_of;  // ISO date
  std::string source;
};

// Sets the opening balance; the sums change by the difference to the one before.
void ReplaceOpeningBalance(const OpeningBalance& balance, v1::Customer& customer);

// Adds `amount` (in 1/100 CNY, negative for refunds) and `orders` to the sums; the average follows.
void AddToSums(int64_t amount_fen, int64_t orders, v1::Customer& customer);

// A decimal field in 1/100 CNY; 0 if unknown.
int64_t FenOf(const std::string& decimal);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_VALUE_BLOCK_H_
