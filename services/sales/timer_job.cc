#include "services/sales/timer_job.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "services/sales/opportunity_batch.h"

namespace crm::sales {
namespace {

// Made by the service of an opportunity: nobody needs it once that is closed, or, if it was made of
// the closing, once that is open again.
bool EndsWithOpportunity(const v1::Reminder& reminder) {
  return !reminder.opportunity().empty() && reminder.source() != v1::REMINDER_SOURCE_MANUAL;
}

// `kinds`: of the opportunities that it may end with.
bool IsMoot(const v1::Reminder& reminder, const std::map<std::string, v1::StageKind>& kinds) {
  if (!EndsWithOpportunity(reminder)) return false;
  const bool of_closing =
      reminder.stage_kind() == v1::STAGE_KIND_WON || reminder.stage_kind() == v1::STAGE_KIND_LOST;
  const auto now = kinds.find(reminder.opportunity());
  if (now == kinds.end()) return false;
  return now->second != (of_closing ? reminder.stage_kind() : v1::STAGE_KIND_OPEN);
}

}  // namespace

job::JobBody TimerJob::Body() {
  const auto kind = [this](TimerKind which) {
    return job::TimerKindWork{
        which, [this, which](db::Connection& db, const std::vector<Timer>& timers, absl::Time now) {
          return Work(db, which, timers, now);
        }};
  };
  // Reminders before the rest.
  return job::FireTimers(SalesTimers(),
                         {.pool = sales_.host.pool(),
                          .clock = sales_.host.clock(),
                          .ids = sales_.host.ids(),
                          .committer = sales_.host.committer()},
                         {kind(kReminder), kind(kNewOpportunity), kind(kOpportunity)});
}

absl::StatusOr<job::TimerWork> TimerJob::Work(db::Connection& db, TimerKind kind,
                                              const std::vector<Timer>& timers, absl::Time now) {
  std::vector<DueWork> decided;
  CRM_RETURN_IF_ERROR(Decide(db, kind, timers, now, decided));
  job::TimerWork work;
  std::vector<std::pair<int, absl::Time>> fired;
  for (DueWork& one : decided) {
    work.changes.push_back(std::move(one.writes));
    fired.emplace_back(one.fired, one.due);
  }
  work.done = [this, fired = std::move(fired)] {
    const absl::Time done = sales_.host.clock().Now();
    for (const auto& [reminders, due] : fired) metrics_.Fired(reminders, done - due);
  };
  return work;
}

absl::Status TimerJob::Decide(db::Connection& db, TimerKind kind, const std::vector<Timer>& timers,
                              absl::Time now, std::vector<DueWork>& work) {
  switch (kind) {
    case TimerKind::kReminder:
      CRM_RETURN_IF_ERROR(FireReminders(db, timers, now, work));
      break;
    case TimerKind::kOpportunity:
      CRM_RETURN_IF_ERROR(automatic_.Check(db, timers, now, work));
      break;
    case TimerKind::kNewOpportunity:
      CRM_RETURN_IF_ERROR(follow_ups_.OnNew(db, timers, now, work));
      break;
  }
  std::stable_sort(work.begin(), work.end(),
                   [](const DueWork& a, const DueWork& b) { return a.due < b.due; });
  return absl::OkStatus();
}

absl::Status TimerJob::FireReminders(db::Connection& db, const std::vector<Timer>& timers,
                                     absl::Time now, std::vector<DueWork>& work) const {
  std::vector<int64_t> ids;
  for (const Timer& timer : timers) ids.push_back(timer.subject_id);
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredReminder> found, sales_.reminders.ByIds(db, ids));
  std::map<int64_t, const StoredReminder*> by_id;
  std::vector<std::string> opportunities;
  for (const StoredReminder& reminder : found) {
    by_id[reminder.key.id] = &reminder;
    if (EndsWithOpportunity(reminder.message)) {
      opportunities.push_back(reminder.message.opportunity());
    }
  }
  CRM_ASSIGN_OR_RETURN(const auto kinds, StageKindsOf(db, opportunities));
  for (const Timer& timer : timers) {
    const auto reminder = by_id.find(timer.subject_id);
    if (reminder == by_id.end()) {
      EndTimer(work.emplace_back().writes, timer);
      continue;
    }
    work.push_back(
        FireOne(timer, *reminder->second, IsMoot(reminder->second->message, kinds), now));
  }
  return absl::OkStatus();
}

DueWork TimerJob::FireOne(const Timer& timer, const StoredReminder& reminder, bool is_moot,
                          absl::Time now) const {
  const v1::Reminder& message = reminder.message;
  DueWork work{.due = record::TimeOf(message.due_time()), .writes = {}};
  const resource::ChangeSource source = JobSource(now);
  if (message.state() != v1::REMINDER_STATE_OPEN || message.has_fire_time()) {
    EndTimer(work.writes, timer);
  } else if (work.due > now) {  // put off since it was claimed
    PutOffTimer(work.writes, timer, work.due);
  } else if (is_moot) {
    v1::Reminder cancelled = message;
    cancelled.set_state(v1::REMINDER_STATE_CANCELLED);
    record::SetTime(now, *cancelled.mutable_close_time());
    cancelled.set_closer(source.actor);
    sales_.reminders.Change(work.writes, reminder, std::move(cancelled), source);
  } else {
    sales_.reminders.Fire(work.writes, reminder, source);
    work.fired = 1;
  }
  return work;
}

}  // namespace crm::sales
