#include "services/sales/reminder_rules.h"

#include <algorithm>

#include "common/error/error.h"
#include "common/record/times.h"

namespace crm::sales {
namespace {

constexpr absl::Duration kTolerance = absl::Minutes(1);
constexpr char kDirectorRole[] = "sales_director";

template <typename List>
bool Has(const List& list, const std::string& wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

}  // namespace

void CheckSubject(const v1::Reminder& reminder, std::vector<schema::Violation>& violations) {
  const int subjects = (reminder.customer().empty() ? 0 : 1) +
                       (reminder.opportunity().empty() ? 0 : 1) +
                       (reminder.ticket().empty() ? 0 : 1);
  if (subjects == 0) {
    violations.push_back({"opportunity", "SUBJECT_REQUIRED",
                          "name the customer, the opportunity or the ticket",
                          "请填写客户、商机或工单编号"});
  } else if (subjects > 1) {
    violations.push_back({"opportunity", "SUBJECT_NOT_ONE",
                          "name one of customer, opportunity and ticket",
                          "客户、商机、工单只能填写一项"});
  }
}

void CheckDueTime(absl::Time now, const v1::Reminder& reminder,
                  std::vector<schema::Violation>& violations) {
  if (record::TimeOf(reminder.due_time()) >= now - kTolerance) return;
  violations.push_back(
      {"due_time", "TIME_IN_PAST", "use a time that is to come", "不得早于当前时间"});
}

void CheckAssignment(const Assignment& assignment, const auth::Caller& caller,
                     const replica::Staff& staff, const auth::Policy& policy,
                     std::vector<schema::Violation>& violations) {
  const auto& [assignee, role] = assignment;
  if (!assignee.empty() && !role.empty()) {
    violations.push_back({"assignee", "ASSIGNEE_NOT_ONE", "name a person or a role, not both",
                          "提醒人与提醒角色只能填写一项"});
  }
  if (!assignee.empty() && assignee != caller.id) {
    const auto* user = staff.User(assignee);
    if (user == nullptr) {
      violations.push_back({"assignee", "ASSIGNEE_UNKNOWN",
                            "use the id of a user of the staff directory", "员工目录中无此员工"});
    } else if (user->status() == crm::customer::v1::STAFF_STATUS_SUSPENDED) {
      violations.push_back({"assignee", "ASSIGNEE_INACTIVE", "use an active user", "该员工已停用"});
    }
  }
  if (!role.empty() && !Has(policy.RoleNames(), role)) {
    violations.push_back(
        {"assignee_role", "ROLE_UNKNOWN", "use a role of the roles file", "无此角色"});
  }
}

void AssignToOwnerOf(const v1::Opportunity& opportunity, v1::Reminder& reminder) {
  reminder.set_opportunity(opportunity.number());
  reminder.set_team(opportunity.team());
  if (opportunity.owner().empty()) {
    reminder.set_assignee_role(kDirectorRole);
  } else {
    reminder.set_assignee(opportunity.owner());
  }
}

absl::Status CheckOpen(const v1::Reminder& reminder) {
  if (reminder.state() == v1::REMINDER_STATE_OPEN) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "REMINDER_CLOSED",
               "the reminder is done or cancelled")
      .Precondition("REMINDER_OPEN", reminder.number(), "make a new one");
}

bool IsOverdue(const v1::Reminder& reminder, absl::Time now) {
  return reminder.state() == v1::REMINDER_STATE_OPEN && record::TimeOf(reminder.due_time()) < now;
}

bool MayBeFor(const v1::Reminder& reminder, const auth::Caller& caller) {
  if (!reminder.assignee().empty()) return reminder.assignee() == caller.id;
  return Has(caller.roles, reminder.assignee_role());
}

}  // namespace crm::sales
