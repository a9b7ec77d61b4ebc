// ReminderService: reminders and what becomes due (SAL-10).
#ifndef CRM_SERVICES_SALES_REMINDER_HANDLERS_H_
#define CRM_SERVICES_SALES_REMINDER_HANDLERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/reminder_service.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class ReminderHandlers {
 public:
  // `sales` outlives it.
  explicit ReminderHandlers(Sales& sales) : sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Reminder> Create(CallContext& call, const v1::CreateReminderRequest& request);
  absl::StatusOr<v1::Reminder> Get(CallContext& call, const v1::GetReminderRequest& request);
  absl::StatusOr<v1::ListRemindersResponse> List(CallContext& call,
                                                 const v1::ListRemindersRequest& request);
  absl::StatusOr<v1::Reminder> Update(CallContext& call, const v1::UpdateReminderRequest& request);
  absl::StatusOr<v1::Reminder> Snooze(CallContext& call, const v1::SnoozeReminderRequest& request);
  absl::StatusOr<v1::Reminder> Close(CallContext& call, const v1::CloseReminderRequest& request,
                                     v1::ReminderState state);

  absl::StatusOr<StoredReminder> Find(CallContext& call, const std::string& number) const;
  void CheckAssignee(const CallContext& call, const v1::Reminder& reminder,
                     std::vector<schema::Violation>& violations) const;
  // Finds what it is about, in the caller's scope; gives the team of that.
  absl::StatusOr<std::string> TeamOfSubject(CallContext& call, const v1::Reminder& reminder) const;
  void SetTeam(const CallContext& call, const std::string& of_subject,
               v1::Reminder& reminder) const;
  // Whoever completes a reminder of an opportunity works on it.
  absl::Status NoteActivity(CallContext& call, const std::string& opportunity) const;
  v1::Reminder Shown(const CallContext& call, v1::Reminder reminder) const;

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REMINDER_HANDLERS_H_
