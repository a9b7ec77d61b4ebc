// What the handlers of the customer archive share. Built once by the composition root.
#ifndef CRM_SERVICES_CUSTOMER_ARCHIVE_H_
#define CRM_SERVICES_CUSTOMER_ARCHIVE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/crypto/keyring.h"
#include "common/numbering/current_numbers.h"
#include "services/customer/budget_bands.h"
#include "services/customer/contact_store.h"
#include "services/customer/customer_changes.h"
#include "services/customer/customer_names.h"
#include "services/customer/customer_rules.h"
#include "services/customer/customer_store.h"
#include "services/customer/identity.h"
#include "services/customer/managed_lists.h"
#include "services/customer/staff_names.h"

namespace crm::customer {

struct Archive {
  Archive(const Clock& clock, IdGenerator& ids, crypto::Keyring& keyring,
          numbering::CurrentNumbers& numbers, absl::TimeZone zone)
      : clock(clock),
        ids(ids),
        keyring(keyring),
        numbers(numbers),
        zone(zone),
        store(keyring),
        contacts(keyring),
        identities(keyring),
        changes(ids, store, identities),
        rules_(std::make_shared<const CustomerRules>(CustomerPolicy(), lists)) {}

  // The rules in force; replaced when an administrator changes the settings.
  std::shared_ptr<const CustomerRules> rules() const {
    ReaderMutexLock lock(&mutex_);
    return rules_;
  }
  void SetPolicy(CustomerPolicy policy) {
    MutexLock lock(&mutex_);
    policy_ = std::move(policy);
    rules_ = std::make_shared<const CustomerRules>(policy_, lists, custom_fields_);
    NotifyOfChange();
  }
  // `notify` is called with every change of the rules from now on: quick, and it must not ask for
  // them.
  void OnRulesChange(std::function<void()> notify) {
    MutexLock lock(&mutex_);
    on_rules_change_.push_back(std::move(notify));
  }
  void SetCustomFields(std::shared_ptr<const CustomFieldRules> custom_fields) {
    MutexLock lock(&mutex_);
    custom_fields_ = std::move(custom_fields);
    rules_ = std::make_shared<const CustomerRules>(policy_, lists, custom_fields_);
    NotifyOfChange();
  }

  // A number for a new customer of that kind.
  absl::StatusOr<std::string> NextNumber(absl::Time now, v1::CustomerKind kind) const {
    return numbers.Next(now, rules()->policy().TypeCodeOf(kind));
  }

  // Fills in what answers tell of a customer beyond what is stored: the band of the budget.
  void CompleteAnswer(schema::Language language, v1::Customer& customer) const {
    const bool has_budget = !customer.budget_lower().empty() || !customer.budget_upper().empty();
    if (has_budget) FillBudgetBand(rules()->policy().budget_bands, language, customer);
  }

  // The business date of a time.
  absl::CivilDay DayOf(absl::Time time) const { return absl::ToCivilDay(time, zone); }

  const Clock& clock;
  IdGenerator& ids;
  crypto::Keyring& keyring;
  numbering::CurrentNumbers& numbers;
  const absl::TimeZone zone;
  const CustomerStore store;
  const ContactStore contacts;
  const IdentityStore identities;
  const CustomerChanges changes;
  ManagedLists lists;
  CustomerNames names;
  StaffNames staff;

 private:
  void NotifyOfChange() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const auto& notify : on_rules_change_) notify();
  }

  mutable Mutex mutex_;
  CustomerPolicy policy_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> on_rules_change_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const CustomFieldRules> custom_fields_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const CustomFieldRules>();
  std::shared_ptr<const CustomerRules> rules_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ARCHIVE_H_
