// Writes customers: the row, its identities, its history and its event, all into one write set.
// Every way in (API, form, import, event) goes through here, so that each leaves the same traces.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_CHANGES_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_CHANGES_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/customer_rules.h"
#include "services/customer/customer_store.h"
#include "services/customer/identity.h"

namespace crm::customer {

// Thread-safe.
class CustomerChanges {
 public:
  CustomerChanges(IdGenerator& ids, const CustomerStore& store, const IdentityStore& identities)
      : ids_(ids), store_(store), identities_(identities) {}

  // Adds a new customer whose fields are final but for key, author and times. A taken identity or
  // number fails the commit with DUPLICATE_KEY.
  StoredCustomer Create(db::WriteSet& writes, v1::Customer customer, const CustomerRules& rules,
                        const resource::ChangeSource& source) const;

  // The same in two steps, for callers that write many rows in a way of their own: what Create
  // would store, under a key of the caller's (from ids), and the event that tells of it.
  StoredCustomer Stamp(int64_t id, v1::Customer customer, const CustomerRules& rules,
                       const resource::ChangeSource& source) const;
  static std::string CreationEvent(const StoredCustomer& created,
                                   const resource::ChangeSource& source);

  // Writes what differs between `before` and `after`; nothing if nothing does. Gives the customer
  // as it will be stored. Somebody else's change meanwhile fails the commit with WRITE_CONFLICT.
  // `more` are changes of what belongs to the customer without being a field of it (identities).
  StoredCustomer Change(db::WriteSet& writes, const StoredCustomer& before, v1::Customer after,
                        const CustomerRules& rules, const resource::ChangeSource& source,
                        const crm::types::v1::ChangeList& more = {}) const;

 private:
  static std::string EventOf(std::string_view type, const StoredCustomer& customer,
                             const resource::ChangeSource& source,
                             const crm::types::v1::ChangeList& changes);

  IdGenerator& ids_;
  const CustomerStore& store_;
  const IdentityStore& identities_;
};

void SetTime(absl::Time time, google::protobuf::Timestamp& out);
absl::Time TimeOf(const google::protobuf::Timestamp& time);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_CHANGES_H_
