// What a purchase must be beyond its declarations, and what cancelling and refunding do to it
// (CUS-20). Pure; amounts in 1/100 CNY where they are numbers.
#ifndef CRM_SERVICES_CUSTOMER_PURCHASE_RULES_H_
#define CRM_SERVICES_CUSTOMER_PURCHASE_RULES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crm/customer/v1/purchase.pb.h"
#include "services/customer/activity_record.h"

namespace crm::customer {

// Puts a new purchase into its form: codes for labels, amounts that follow from others, status.
// INVALID_ARGUMENT with all violations.
absl::Status NormalizePurchase(const RecordContext& context, const ManagedLists& lists,
                               v1::Purchase& purchase);

// What a source system said of an order, as bytes: equal for a repeat, different for another
// content. Taken after NormalizePurchase and before products are mapped, because a mapping can be
// made between two recordings. Without the customer, who can be merged into another.
std::string ContentOf(const v1::Purchase& purchase);

// What the customer's sums still hold of a purchase.
int64_t AmountLeft(const v1::Purchase& purchase);

// FAILED_PRECONDITION PURCHASE_CANCELLED or REFUND_TOO_LARGE; ALREADY_EXISTS REFUND_DIFFERS;
// INVALID_ARGUMENT. False: this very refund was recorded before, nothing changes.
absl::StatusOr<bool> AddRefund(const RecordContext& context, v1::Refund refund,
                               v1::Purchase& purchase);

// False: it was cancelled before, nothing changes.
bool CancelPurchase(absl::Time now, const std::string& reason, v1::Purchase& purchase);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PURCHASE_RULES_H_
