// What the tests about reminders share.
#ifndef CRM_SERVICES_SALES_REMINDER_TEST_FIXTURE_H_
#define CRM_SERVICES_SALES_REMINDER_TEST_FIXTURE_H_

#include <string>
#include <vector>

#include "common/testing/expectations.h"
#include "crm/sales/v1/delegation_service.pb.h"
#include "crm/sales/v1/follow_up_service.pb.h"
#include "crm/sales/v1/reminder_service.pb.h"
#include "crm/sales/v1/settings_service.pb.h"
#include "services/sales/sales_test_fixture.h"

namespace crm::sales {

using crm::testing::Eventually;

class ReminderTest : public SalesTest {
 protected:
  absl::Time Now() { return harness_.clock().Now(); }
  void Advance(absl::Duration by) { harness_.clock().Advance(by); }
  static constexpr absl::Duration kDay = absl::Hours(24);

  // A user of the staff directory, known to the first replica when this returns.
  void AddStaff(const std::string& id, const std::string& team, const std::string& role,
                crm::customer::v1::StaffStatus status = crm::customer::v1::STAFF_STATUS_ACTIVE) {
    crm::customer::v1::StaffUser user;
    user.set_user_id(id);
    user.set_team(team);
    user.add_roles(role);
    user.set_status(status);
    db::WriteSet writes;
    replica::StaffCopy::Keep(user, 1, writes);
    replica::StaffCopy::MarkChanged(writes);
    Commit(std::move(writes));
    EXPECT_TRUE(Eventually([&] {
      v1::CreateReminderRequest request;
      *request.mutable_reminder() = About("", Now());
      request.mutable_reminder()->set_ticket("SR202603001");
      request.mutable_reminder()->set_assignee(id);
      request.set_validate_only(true);
      const auto known = Call<v1::Reminder>("ReminderService/CreateReminder", request, Steward());
      return Violations(known.status()) != std::vector<std::string>{
                                               "reminder.assignee "
                                               "ASSIGNEE_UNKNOWN"};
    }));
  }

  std::string ProductManager(const std::string& user = "pm") {
    return harness_.TokenOf(user, {"product_manager"});
  }

  // Of an opportunity.
  v1::Reminder About(const std::string& opportunity, absl::Time due,
                     const std::string& text = "回访客户") {
    v1::Reminder reminder;
    reminder.set_opportunity(opportunity);
    record::SetTime(due, *reminder.mutable_due_time());
    reminder.set_text(text);
    return reminder;
  }
  absl::StatusOr<v1::Reminder> Remind(const v1::Reminder& reminder, const std::string& token = "",
                                      const std::string& request_id = "") {
    v1::CreateReminderRequest request;
    *request.mutable_reminder() = reminder;
    request.set_request_id(request_id);
    return Call<v1::Reminder>("ReminderService/CreateReminder", request, token);
  }
  absl::StatusOr<v1::Reminder> Read(const std::string& number, const std::string& token = "") {
    v1::GetReminderRequest request;
    request.set_reminder(number);
    return Call<v1::Reminder>("ReminderService/GetReminder", request, token);
  }
  absl::StatusOr<v1::Reminder> Snooze(const std::string& number, absl::Time due) {
    v1::SnoozeReminderRequest request;
    request.set_reminder(number);
    record::SetTime(due, *request.mutable_due_time());
    return Call<v1::Reminder>("ReminderService/SnoozeReminder", request);
  }
  absl::StatusOr<v1::Reminder> Complete(const std::string& number, const std::string& token = "") {
    v1::CloseReminderRequest request;
    request.set_reminder(number);
    request.set_note("已电话沟通");
    return Call<v1::Reminder>("ReminderService/CompleteReminder", request, token);
  }
  std::vector<v1::Reminder> List(const std::string& filter, const std::string& token,
                                 bool mine = false) {
    v1::ListRemindersRequest request;
    request.set_filter(filter);
    request.set_mine(mine);
    const auto response =
        Must(Call<v1::ListRemindersResponse>("ReminderService/ListReminders", request, token));
    return {response.reminders().begin(), response.reminders().end()};
  }
  std::vector<std::string> Texts(const std::string& filter, const std::string& token,
                                 bool mine = false) {
    std::vector<std::string> texts;
    for (const v1::Reminder& each : List(filter, token, mine)) texts.push_back(each.text());
    return texts;
  }
  bool Fires(const std::string& number) {
    return Eventually([&] { return Must(Read(number, Steward())).has_fire_time(); });
  }
  int64_t Count(const std::string& sql) {
    auto db = harness_.database().pool().Acquire(harness_.database().Deadline());
    auto rows = (*db)->Select({"test_count", sql}, {});
    return rows.ok() && rows->Next() ? rows->Int(0) : -1;
  }
  // Nothing is due and undone.
  bool IsIdle() {
    return Eventually([&] {
      return Count(absl::StrCat("SELECT COUNT(*) FROM sales_timer WHERE due_time <= ",
                                ToMicros(Now()))) == 0;
    });
  }
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REMINDER_TEST_FIXTURE_H_
