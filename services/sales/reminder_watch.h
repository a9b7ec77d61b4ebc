// ReminderService.WatchReminders: what is due, then what becomes due (SAL-10).
//
// A stream is fed from the service's own events: `reminder.due` tells that one has become due, the
// table how it stands now. Nothing is held while a client is slow.
#ifndef CRM_SERVICES_SALES_REMINDER_WATCH_H_
#define CRM_SERVICES_SALES_REMINDER_WATCH_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/event/v1/event.pb.h"
#include "crm/sales/v1/reminder_service.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class ReminderWatch {
 public:
  // `sales` outlives it.
  explicit ReminderWatch(Sales& sales) : sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;
  using Writer = server::StreamWriter<v1::WatchRemindersResponse>;

  // Whose reminders a stream is about, in SQL and in memory.
  struct Audience {
    filter::Fragment condition;
    std::function<bool(const v1::Reminder&)> has;
  };

  absl::Status Watch(CallContext& call, const v1::WatchRemindersRequest& request, Writer& writer);
  absl::StatusOr<Audience> AudienceOf(const CallContext& call, const std::string& team) const;
  // All that is due and open; gives the position behind which its events are.
  absl::StatusOr<int64_t> SendDue(CallContext& call, const Audience& audience, Writer& writer);
  // The reminder of an event as it is now; whether it is still due and open.
  absl::StatusOr<bool> ReadDue(const Audience& audience, const crm::event::v1::Event& event,
                               v1::Reminder& reminder) const;

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REMINDER_WATCH_H_
