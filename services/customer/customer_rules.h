// What a customer must be beyond what its declarations say (CUS-2 to CUS-7). Pure.
#ifndef CRM_SERVICES_CUSTOMER_CUSTOMER_RULES_H_
#define CRM_SERVICES_CUSTOMER_CUSTOMER_RULES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/schema/validate.h"
#include "common/text/real_name.h"
#include "crm/customer/v1/customer.pb.h"
#include "services/customer/activity_rules.h"
#include "services/customer/budget_bands.h"
#include "services/customer/custom_field_rules.h"
#include "services/customer/managed_lists.h"

namespace crm::customer {

// Business configuration (PLT-25) of these rules: version 1 of the settings.
struct CustomerPolicy {
  // Fields that CreateCustomer asks for, by kind.
  std::vector<std::string> required_for_organization = {"full_name", "industry", "tier",
                                                        "decision_maker", "phone"};
  std::vector<std::string> required_for_person = {"full_name", "industry", "tier", "phone"};
  int min_age = 18;
  int max_age = 100;
  // Ages outside the range are taken with a remark; otherwise refused.
  bool unusual_age_with_remark = true;
  // Names that are no real names; X stands for one Chinese character.
  std::vector<std::string> nicknames = text::RealNameRules::DefaultNicknames();
  // Rising, without gaps or overlaps.
  std::vector<AmountRange> budget_bands = DefaultBudgetBands();
  ActivityPolicy activity = {};
  // Customers on a page when the call does not say.
  int default_page_size = 50;
  // What {type:N} in the number pattern stands for.
  std::string organization_type_code = "QY";
  std::string person_type_code = "GR";

  const std::string& TypeCodeOf(v1::CustomerKind kind) const {
    return kind == v1::CUSTOMER_KIND_PERSON ? person_type_code : organization_type_code;
  }
};

// Immutable, thread-safe.
class CustomerRules {
 public:
  // Without `custom_fields` there are none.
  CustomerRules(CustomerPolicy policy, const ManagedLists& lists,
                std::shared_ptr<const CustomFieldRules> custom_fields =
                    std::make_shared<const CustomFieldRules>());

  const CustomerPolicy& policy() const { return policy_; }
  const CustomFieldRules& custom_fields() const { return *custom_fields_; }

  // Puts codes for labels and real names into their form, fills what follows from other fields
  // (birthday from the resident id, age from the birthday), and checks everything that concerns
  // more than one field. `before` is null for a new customer. `today` in the business zone.
  std::vector<schema::Violation> Normalize(v1::Customer& customer, const v1::Customer* before,
                                           absl::CivilDay today) const;

  // Required fields of its kind that are unknown.
  std::vector<std::string> Missing(const v1::Customer& customer) const;
  // Changes with what is required: customers may be complete by other rules, and not by these.
  int64_t RequiredMark() const;
  // Violations for CreateCustomer, which refuses an incomplete customer (CUS-3).
  std::vector<schema::Violation> RequireComplete(const v1::Customer& customer) const;

  // What the service sets on a new customer: stage, status, sums.
  void Initialize(v1::Customer& customer) const;

 private:
  class Check;
  CustomerPolicy policy_;
  const ManagedLists& lists_;
  std::shared_ptr<const CustomFieldRules> custom_fields_;
  text::RealNameRules names_;
};

// Whether customers of that kind can have a field of Customer.
bool IsFieldOfKind(std::string_view field, v1::CustomerKind kind);

// Whole years between the birthday and `today`.
int AgeOn(absl::CivilDay birthday, absl::CivilDay today);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_CUSTOMER_RULES_H_
