// What interactions and purchases do to their customer (CUS-5, CUS-7, CUS-18, CUS-20). Pure.
//
//   rules.NoteInteraction({time, "u7", "wants a quote"}, now, customer);
//   rules.NotePurchase(time, amount_fen, now, customer);
//
// A record of the past moves nothing backwards: last contact with its person and result follow the
// newest contact only, the first contact only moves earlier, and a lost or dormant customer returns
// only for a contact that is news. Immutable, thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_ACTIVITY_RULES_H_
#define CRM_SERVICES_CUSTOMER_ACTIVITY_RULES_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {

// Business configuration (PLT-25) of the activity level: so many contacts in a window of days or
// months. Days count in the business zone.
struct ActivityPolicy {
  int high_days = 30;
  int medium_months = 3;
  int high_count = 1;
  int medium_count = 1;

  // How many of a customer's newest contacts decide.
  int contacts_counted() const { return std::max(high_count, medium_count); }

  friend bool operator==(const ActivityPolicy&, const ActivityPolicy&) = default;
};

// One contact, as the customer remembers it.
struct ContactFacts {
  absl::Time time;
  std::string staff;   // empty = unknown
  std::string result;  // empty = unknown
};

// First and last of a customer's purchases that count.
struct PurchaseSpan {
  absl::Time first;
  absl::Time last;
};

class ActivityRules {
 public:
  ActivityRules(ActivityPolicy policy, absl::TimeZone zone) : policy_(policy), zone_(zone) {}

  const ActivityPolicy& policy() const { return policy_; }

  // Days whose contacts make a level: from this day on.
  absl::CivilDay FirstDayOf(v1::Level level, absl::CivilDay today) const;
  // When the window of a level that is not low begins.
  absl::Time WindowOf(v1::Level level, absl::Time now) const;
  // Of a customer's newest contacts, newest first; more than contacts_counted() are of no use.
  v1::Level LevelOf(absl::Span<const absl::Time> newest_first, absl::Time now) const;

  void NoteInteraction(const ContactFacts& facts, absl::Time now, v1::Customer& customer) const;
  // Adds the amount and one order.
  void NotePurchase(absl::Time time, int64_t amount_fen, absl::Time now,
                    v1::Customer& customer) const;
  // Takes off what is left of the amount, and the order. `rest`: the purchases that remain. Stage
  // and contact stay: the customer did buy and was in touch.
  void NoteCancellation(int64_t amount_fen, const std::optional<PurchaseSpan>& rest,
                        v1::Customer& customer) const;
  // Takes off a part of the amount.
  void NoteRefund(int64_t amount_fen, v1::Customer& customer) const;

 private:
  std::string DayOf(absl::Time time) const;
  // Whether the contact is the newest one known; then it is the last contact now. Raises the level
  // as far as one contact does; where more are counted, the recorder looks at the others too.
  bool NoteContact(absl::Time time, absl::Time now, v1::Customer& customer) const;

  ActivityPolicy policy_;
  absl::TimeZone zone_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ACTIVITY_RULES_H_
