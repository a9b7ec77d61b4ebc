// A customer's newest contacts, interactions and purchases together: what the activity level counts
// (CUS-5).
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_CONTACTS_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_CONTACTS_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/connection.h"

namespace crm::customer {

// By customer; newest first. A customer without any is absent.
using NewestContacts = absl::flat_hash_map<int64_t, std::vector<absl::Time>>;

// At most `count` of each customer, from `since` on.
absl::StatusOr<NewestContacts> ReadNewestContacts(db::Connection& db,
                                                  absl::Span<const int64_t> customers,
                                                  absl::Time since, int count);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_CONTACTS_H_
