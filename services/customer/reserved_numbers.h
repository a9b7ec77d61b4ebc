// Customer numbers that were given out for paper forms and wait for their customers (CUS-1). Each
// makes one customer: taking it is a row that only one transaction can delete.
#ifndef CRM_SERVICES_CUSTOMER_RESERVED_NUMBERS_H_
#define CRM_SERVICES_CUSTOMER_RESERVED_NUMBERS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"

namespace crm::customer {

void KeepReservedNumbers(db::WriteSet& writes, absl::Span<const std::string> numbers,
                         const resource::ChangeSource& source);

// Those of `numbers` that wait for a customer.
absl::StatusOr<std::vector<std::string>> FindReservedNumbers(db::Connection& db,
                                                             absl::Span<const std::string> numbers);

// For a number that waits. Fails the commit with WRITE_CONFLICT if another customer got it first.
void TakeReservedNumber(db::WriteSet& writes, const std::string& number);

// Why a number that does not wait cannot be given: ALREADY_EXISTS with NUMBER_USED if a customer
// has it, else INVALID_ARGUMENT with NUMBER_NOT_RESERVED of `field`.
absl::Status NumberRefused(db::Connection& db, const std::string& number, std::string_view field);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_RESERVED_NUMBERS_H_
