// Reads and writes the staff directory; the SQL of the tables `staff_user` and `staff_team`.
#ifndef CRM_SERVICES_CUSTOMER_STAFF_STORE_H_
#define CRM_SERVICES_CUSTOMER_STAFF_STORE_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/record/followed.h"
#include "common/record/table.h"
#include "services/customer/staff_cache.h"
#include "services/customer/staff_tree.h"

namespace crm::customer {

// Thread-safe.
struct StaffStore {
  // `cache` outlives the store.
  StaffStore(crypto::Keyring& keyring, IdGenerator& ids, StaffCache& cache);

  absl::StatusOr<StaffTree> Load(db::Connection& db) const;
  // Whether a team owns a customer.
  static absl::StatusOr<bool> OwnsCustomers(db::Connection& db, std::string_view team);

  const record::Table users;
  const record::Table teams;
  record::Followed<StaffTree> tree;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_STAFF_STORE_H_
