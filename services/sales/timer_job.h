// Does what is due: tells of reminders, makes automatic ones, follows up new opportunities
// (SAL-10). Runs on every replica (common/job/timers.h). A version or a unique key makes every
// change once.
#ifndef CRM_SERVICES_SALES_TIMER_JOB_H_
#define CRM_SERVICES_SALES_TIMER_JOB_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/job/periodic.h"
#include "services/sales/automatic_reminders.h"
#include "services/sales/due_work.h"
#include "services/sales/follow_up_runner.h"
#include "services/sales/reminder_metrics.h"
#include "services/sales/sales.h"
#include "services/sales/timers.h"

namespace crm::sales {

// Used by one thread.
class TimerJob {
 public:
  // Both outlive it.
  TimerJob(Sales& sales, ReminderMetrics& metrics)
      : sales_(sales), automatic_(sales), follow_ups_(sales), metrics_(metrics) {}

  static job::JobOptions Options() { return job::TimerJobOptions("fire-reminders"); }
  job::JobBody Body();

 private:
  absl::StatusOr<job::TimerWork> Work(db::Connection& db, TimerKind kind,
                                      const std::vector<Timer>& timers, absl::Time now);
  absl::Status Decide(db::Connection& db, TimerKind kind, const std::vector<Timer>& timers,
                      absl::Time now, std::vector<DueWork>& work);
  absl::Status FireReminders(db::Connection& db, const std::vector<Timer>& timers, absl::Time now,
                             std::vector<DueWork>& work) const;
  DueWork FireOne(const Timer& timer, const StoredReminder& reminder, bool is_moot,
                  absl::Time now) const;

  Sales& sales_;
  AutomaticReminders automatic_;
  FollowUpRunner follow_ups_;
  ReminderMetrics& metrics_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TIMER_JOB_H_
