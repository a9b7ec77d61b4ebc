// What a reminder must be like (SAL-10). Pure.
#ifndef CRM_SERVICES_SALES_REMINDER_RULES_H_
#define CRM_SERVICES_SALES_REMINDER_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/auth/policy.h"
#include "common/replica/staff_copy.h"
#include "common/schema/validate.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "crm/sales/v1/reminder.pb.h"

namespace crm::sales {

// Exactly one of customer, opportunity and ticket: SUBJECT_REQUIRED, SUBJECT_NOT_ONE.
void CheckSubject(const v1::Reminder& reminder, std::vector<schema::Violation>& violations);

// TIME_IN_PAST, with a minute for the way and the clocks.
void CheckDueTime(absl::Time now, const v1::Reminder& reminder,
                  std::vector<schema::Violation>& violations);

// A person or a role, not both, and one that there is: ASSIGNEE_NOT_ONE, ASSIGNEE_UNKNOWN,
// ASSIGNEE_INACTIVE, ROLE_UNKNOWN. `caller` may be unknown to the directory.
struct Assignment {
  const std::string& assignee;
  const std::string& role;
};
void CheckAssignment(const Assignment& assignment, const auth::Caller& caller,
                     const replica::Staff& staff, const auth::Policy& policy,
                     std::vector<schema::Violation>& violations);

// The owner of an opportunity is to do it, the directors if there is none; it counts for its team.
void AssignToOwnerOf(const v1::Opportunity& opportunity, v1::Reminder& reminder);

// FAILED_PRECONDITION, reason REMINDER_CLOSED.
absl::Status CheckOpen(const v1::Reminder& reminder);

bool IsOverdue(const v1::Reminder& reminder, absl::Time now);

// The reminder is for the caller or a role of the caller, whatever their scope: RemindersFor tells
// the rest.
bool MayBeFor(const v1::Reminder& reminder, const auth::Caller& caller);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REMINDER_RULES_H_
