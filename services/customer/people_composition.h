// Contacts, identities and tag rules: what they are made of, which RPCs and jobs they bring. Part
// of the composition of the customer archive.
#ifndef CRM_SERVICES_CUSTOMER_PEOPLE_COMPOSITION_H_
#define CRM_SERVICES_CUSTOMER_PEOPLE_COMPOSITION_H_

#include "absl/status/status.h"
#include "common/job/periodic.h"
#include "common/numbering/number_allocator.h"
#include "common/runtime/service_runtime.h"
#include "services/customer/archive.h"
#include "services/customer/contact_handlers.h"
#include "services/customer/contact_store.h"
#include "services/customer/duplicate_store.h"
#include "services/customer/identity_handlers.h"
#include "services/customer/tag_rule_handlers.h"
#include "services/customer/tag_rule_runner.h"
#include "services/customer/tag_rule_store.h"

namespace crm::customer {

class People {
 public:
  // All outlive it.
  People(runtime::ServiceRuntime& runtime, Archive& archive, const CustomerOwners& owners);

  // Before the runtime starts: adds the method tables and the jobs.
  void Open();

  numbering::NumberAllocator& contact_numbers() { return contact_numbers_; }
  const DuplicateStore& duplicates() const { return duplicates_; }

 private:
  runtime::ServiceRuntime& runtime_;
  numbering::NumberAllocator contact_numbers_;
  numbering::NumberAllocator duplicate_numbers_;
  numbering::NumberAllocator rule_numbers_;
  const DuplicateStore duplicates_;
  const TagRuleStore rules_;
  TagRuleRunner runner_;
  job::PeriodicJob* run_job_ = nullptr;
  ContactHandlers contact_handlers_;
  IdentityHandlers identity_handlers_;
  TagRuleHandlers rule_handlers_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_PEOPLE_COMPOSITION_H_
