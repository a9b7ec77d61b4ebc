// The reminders, with their timers and events (SAL-10); the SQL of the table `reminder`.
#ifndef CRM_SERVICES_SALES_REMINDERS_H_
#define CRM_SERVICES_SALES_REMINDERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/auth/caller.h"
#include "common/auth/row_scope.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/filter/fragment.h"
#include "common/numbering/current_numbers.h"
#include "common/record/table.h"
#include "common/runtime/service_runtime.h"
#include "crm/sales/v1/reminder.pb.h"

namespace crm::sales {

using StoredReminder = record::Stored<v1::Reminder>;

// The event of a reminder that has become due.
inline constexpr char kReminderDue[] = "reminder.due";

inline constexpr char kReminderPattern[] = "RM{yyyyMM}{seq:6}";

// Who asks for reminders.
struct ReminderReader {
  const auth::Caller& caller;
  const auth::RowScope& scope;
  // Of `opportunity.read`; nothing: reads no opportunities.
  std::optional<auth::RowScope> opportunities;
};

// Those of teams, or of their own, whom a caller may see.
filter::Fragment VisibleReminders(const ReminderReader& reader);
// Those for the caller or a role of the caller. Of an opportunity they reach the people of the role
// who may read it, and roles that read none at all; of something else, with scope `team`, those of
// its team.
filter::Fragment RemindersFor(const ReminderReader& reader);

// Thread-safe.
class Reminders {
 public:
  // `runtime` outlives it.
  Reminders(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern);

  // Gives it a number and opens it. One that has a fire_time is due already: its people are told.
  absl::StatusOr<StoredReminder> Create(db::WriteSet& writes, v1::Reminder reminder,
                                        const resource::ChangeSource& source);
  // Writes what differs. With a new due time or assignee it becomes due anew; a closed one never.
  StoredReminder Change(db::WriteSet& writes, const StoredReminder& before, v1::Reminder after,
                        const resource::ChangeSource& source) const;
  // It is due: its people are told.
  void Fire(db::WriteSet& writes, const StoredReminder& reminder,
            const resource::ChangeSource& source) const;

  // NOT_FOUND if there is none in the caller's scope.
  absl::StatusOr<StoredReminder> Get(db::Connection& db, const std::string& number,
                                     const filter::Fragment& visible) const;
  // Those that exist; at most kClaimAtOnce.
  absl::StatusOr<std::vector<StoredReminder>> ByIds(db::Connection& db,
                                                    absl::Span<const int64_t> ids) const;
  // Open ones of opportunities that are for `assignee`; at most db::kMaxInSize numbers.
  absl::StatusOr<std::vector<StoredReminder>> OpenOnesOf(
      db::Connection& db, absl::Span<const std::string> opportunities,
      const std::string& assignee) const;
  // Open ones that have become due, the earliest first: `count` after the place of the last one.
  struct Place {
    absl::Time due = absl::UnixEpoch();
    int64_t id = 0;
  };
  absl::StatusOr<std::vector<StoredReminder>> DueAfter(db::Connection& db, const Place& place,
                                                       int count,
                                                       const filter::Fragment& condition) const;

  const record::Table& table() const { return table_; }

 private:
  static void AddDueEvent(db::WriteSet& writes, const StoredReminder& reminder,
                          const resource::ChangeSource& source);
  absl::StatusOr<std::vector<StoredReminder>> Select(db::Connection& db, std::string_view name,
                                                     const filter::Fragment& rest) const;

  const record::Table table_;
  numbering::CurrentNumbers numbers_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REMINDERS_H_
