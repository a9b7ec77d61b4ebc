// Changes the tags of a customer (CUS-8): the sorted list on the customer and, beside it, who set
// each one. People and rules come through here.
#ifndef CRM_SERVICES_CUSTOMER_TAG_CHANGES_H_
#define CRM_SERVICES_CUSTOMER_TAG_CHANGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "services/customer/customer_changes.h"
#include "services/customer/customer_rules.h"

namespace crm::customer {

inline constexpr int kMaxTags = 100;  // of one customer

// Who set each tag of a customer, sorted.
absl::StatusOr<std::vector<v1::CustomerTag>> ReadTags(db::Connection& db, int64_t customer_id);

// Thread-safe.
class TagChanges {
 public:
  explicit TagChanges(const CustomerChanges& customers) : customers_(customers) {}

  // Adds what is missing; nothing else changes. Gives the customer as it will be stored.
  StoredCustomer Add(db::WriteSet& writes, const StoredCustomer& before,
                     absl::Span<const std::string> tags, const CustomerRules& rules,
                     const resource::ChangeSource& source) const;
  StoredCustomer Remove(db::WriteSet& writes, const StoredCustomer& before,
                        absl::Span<const std::string> tags, const CustomerRules& rules,
                        const resource::ChangeSource& source) const;
  // A person wants a tag that a rule has set: from now on it is the person's.
  void TakeOver(db::WriteSet& writes, int64_t customer_id, const std::string& tag,
                const resource::ChangeSource& source) const;

  // The same for a rule: `source.actor` is its number. Remove fails the commit with WRITE_CONFLICT
  // if the tag is no longer the rule's.
  StoredCustomer AddByRule(db::WriteSet& writes, const StoredCustomer& before,
                           const std::string& tag, const CustomerRules& rules,
                           const resource::ChangeSource& source) const;
  StoredCustomer RemoveByRule(db::WriteSet& writes, const StoredCustomer& before,
                              const std::string& tag, const CustomerRules& rules,
                              const resource::ChangeSource& source) const;

 private:
  const CustomerChanges& customers_;
};

// Notes who set the tags that `after` has and `before` has not; null = a new customer. For callers
// that write the customer in a way of their own.
void NoteAddedTags(db::WriteSet& writes, int64_t customer_id, const v1::Customer* before,
                   const v1::Customer& after, const resource::ChangeSource& source);

// The tag without surrounding or repeated white space, half-width.
std::string NormalizeTag(std::string_view text);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_TAG_CHANGES_H_
