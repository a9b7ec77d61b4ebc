// The customers that records belong to: found by number or by identity, read once, changed in
// memory by as many records as there are, and written once.
//
//   ActivityCustomers customers(archive, scope);
//   CRM_RETURN_IF_ERROR(customers.Load(db, references));
//   CRM_ASSIGN_OR_RETURN(ActivityCustomers::Entry* customer, customers.Of(references[0],
//   "customer")); rules.NotePurchase(…, customer->after); customers.Save(writes, source);
//
// Not thread-safe: lives as long as one attempt of one call.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_CUSTOMERS_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_CUSTOMERS_H_

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/customer/v1/record.pb.h"
#include "services/customer/activity_rules.h"
#include "services/customer/archive.h"

namespace crm::customer {

// Who a record is about: a number, or something they are recognised by.
struct CustomerReference {
  std::string number;
  v1::CustomerLookup lookup;
};

class ActivityCustomers {
 public:
  struct Entry {
    StoredCustomer before;
    v1::Customer after;
    std::vector<absl::Time> contacts;  // that this write set records

    int64_t id() const { return before.key.id; }
  };

  ActivityCustomers(const Archive& archive, auth::RowScope scope)
      : archive_(archive), scope_(std::move(scope)) {}

  // Reads those of all references; one that is not there is told by Of.
  absl::Status Load(db::Connection& db, absl::Span<const CustomerReference> references);
  absl::Status LoadById(db::Connection& db, int64_t id);

  // Of a reference that was loaded. Errors: INVALID_ARGUMENT for `lookup` or the customer field of
  // the record, NOT_FOUND.
  absl::StatusOr<Entry*> Of(const CustomerReference& reference, std::string_view customer_field);
  // Null if it is not there.
  Entry* OfId(int64_t id);

  // Raises the activity levels where the rules count more than one contact: reads those that were
  // recorded before. Nothing is read where one is enough.
  absl::Status RaiseLevels(db::Connection& db, const ActivityRules& rules, absl::Time now);

  // Writes every customer that was changed.
  void Save(db::WriteSet& writes, const resource::ChangeSource& source);

 private:
  void Take(std::vector<StoredCustomer> customers);
  absl::CivilDay Today() const;

  const Archive& archive_;
  const auth::RowScope scope_;
  std::deque<Entry> entries_;  // stable addresses
  absl::flat_hash_map<int64_t, Entry*> by_id_;
  absl::flat_hash_map<std::string, Entry*> by_number_;
  absl::flat_hash_map<std::pair<int, std::string>, int64_t> id_by_identity_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_CUSTOMERS_H_
