#include "services/customer/activity_customers.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/customer/activity_contacts.h"

namespace crm::customer {
namespace {

// In the form in which it is stored; nothing if it cannot be one.
std::optional<Identity> IdentityOf(const v1::CustomerLookup& lookup, absl::CivilDay today) {
  auto value = NormalizeIdentity(lookup.kind(), lookup.value(), today);
  if (!value.ok()) return std::nullopt;
  return Identity{lookup.kind(), *std::move(value)};
}

}  // namespace

absl::Status ActivityCustomers::Load(db::Connection& db,
                                     absl::Span<const CustomerReference> references) {
  std::vector<std::string> numbers;
  std::vector<Identity> identities;
  for (const CustomerReference& reference : references) {
    if (!reference.number.empty()) {
      numbers.push_back(reference.number);
    } else if (auto identity = IdentityOf(reference.lookup, Today())) {
      identities.push_back(*std::move(identity));
    }
  }
  if (!numbers.empty()) {
    CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                         archive_.store.GetMany(db, numbers, scope_));
    Take(std::move(found));
  }
  if (identities.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const std::vector<IdentityHolder> holders,
                       archive_.identities.FindHolders(db, identities));
  std::vector<int64_t> ids;
  for (const IdentityHolder& holder : holders) {
    id_by_identity_[{holder.identity.kind, holder.identity.value}] = holder.customer_id;
    ids.push_back(holder.customer_id);
  }
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found, archive_.store.GetByIds(db, ids, scope_));
  Take(std::move(found));
  return absl::OkStatus();
}

absl::Status ActivityCustomers::LoadById(db::Connection& db, int64_t id) {
  CRM_ASSIGN_OR_RETURN(std::vector<StoredCustomer> found,
                       archive_.store.GetByIds(db, {id}, scope_));
  Take(std::move(found));
  return absl::OkStatus();
}

void ActivityCustomers::Take(std::vector<StoredCustomer> customers) {
  for (StoredCustomer& customer : customers) {
    if (by_id_.contains(customer.key.id)) continue;
    Entry& entry = entries_.emplace_back();
    entry.after = customer.message;
    entry.before = std::move(customer);
    by_id_[entry.id()] = &entry;
    by_number_[entry.after.number()] = &entry;
  }
}

absl::StatusOr<ActivityCustomers::Entry*> ActivityCustomers::Of(const CustomerReference& reference,
                                                                std::string_view customer_field) {
  const bool by_lookup = reference.lookup.kind() != v1::IDENTITY_KIND_UNSPECIFIED;
  if (!reference.number.empty() && by_lookup) {
    return InvalidField("lookup", "CUSTOMER_GIVEN_TWICE", "give the number or the lookup");
  }
  if (!reference.number.empty()) {
    const auto found = by_number_.find(reference.number);
    if (found == by_number_.end()) return NotFound(kCustomerType, reference.number);
    return found->second;
  }
  if (!by_lookup) return InvalidField(customer_field, "REQUIRED", "give the number or a lookup");
  const auto identity = IdentityOf(reference.lookup, Today());
  if (!identity.has_value()) {
    return InvalidField("lookup.value", "IDENTITY_MALFORMED", "use a value of this kind");
  }
  const auto id = id_by_identity_.find({identity->kind, identity->value});
  Entry* entry = id == id_by_identity_.end() ? nullptr : OfId(id->second);
  // The value is personal and is not repeated.
  if (entry == nullptr) return NotFound(kCustomerType, "lookup");
  return entry;
}

absl::Status ActivityCustomers::RaiseLevels(db::Connection& db, const ActivityRules& rules,
                                            absl::Time now) {
  const int counted = rules.policy().contacts_counted();
  if (counted == 1) return absl::OkStatus();
  std::vector<int64_t> ids;
  for (const Entry& entry : entries_) {
    if (!entry.contacts.empty()) ids.push_back(entry.id());
  }
  CRM_ASSIGN_OR_RETURN(NewestContacts before,
                       ReadNewestContacts(db, ids, rules.WindowOf(v1::LEVEL_MEDIUM, now), counted));
  for (Entry& entry : entries_) {
    if (entry.contacts.empty()) continue;
    std::vector<absl::Time> contacts = before[entry.id()];
    contacts.insert(contacts.end(), entry.contacts.begin(), entry.contacts.end());
    std::sort(contacts.begin(), contacts.end(), std::greater<>());
    entry.after.set_activity_level(
        std::max(entry.after.activity_level(), rules.LevelOf(contacts, now)));
  }
  return absl::OkStatus();
}

absl::CivilDay ActivityCustomers::Today() const { return archive_.DayOf(archive_.clock.Now()); }

ActivityCustomers::Entry* ActivityCustomers::OfId(int64_t id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void ActivityCustomers::Save(db::WriteSet& writes, const resource::ChangeSource& source) {
  const auto rules = archive_.rules();
  for (Entry& entry : entries_) {
    archive_.changes.Change(writes, entry.before, entry.after, *rules, source);
  }
}

}  // namespace crm::customer
