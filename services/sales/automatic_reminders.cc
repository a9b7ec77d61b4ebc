#include "services/sales/automatic_reminders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/record/times.h"
#include "services/sales/opportunity_batch.h"
#include "services/sales/reminder_rules.h"

namespace crm::sales {
namespace {

const db::InsertSpec& OccasionSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "reminder_occasion", {"opportunity_id", "source", "occasion", "reminder_id"}, ""};
  return spec;
}

}  // namespace

absl::StatusOr<std::map<int64_t, AutomaticReminders::Done>> AutomaticReminders::ReadDone(
    db::Connection& db, const std::vector<int64_t>& ids) const {
  const filter::Fragment where = InIds("opportunity_id", ids);
  const std::string sql = absl::StrCat(
      "SELECT opportunity_id, source, occasion FROM reminder_occasion WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"reminder_occasions", sql}, where.values));
  std::map<int64_t, Done> done;
  while (rows.Next()) done[rows.Int(0)].emplace(static_cast<int>(rows.Int(1)), rows.Int(2));
  return done;
}

absl::StatusOr<std::map<std::string, absl::Time>> AutomaticReminders::ReadCompleted(
    db::Connection& db, const std::map<int64_t, StoredOpportunity>& opportunities) const {
  std::map<std::string, absl::Time> completed;
  if (opportunities.empty()) return completed;
  std::vector<std::string> numbers;
  for (const auto& [id, opportunity] : opportunities) {
    numbers.push_back(opportunity.message.number());
  }
  filter::Fragment where = InNumbers("opportunity", numbers);
  where.Append(" AND state = ?", v1::REMINDER_STATE_DONE);
  const std::string sql = absl::StrCat("SELECT opportunity, MAX(close_time) FROM reminder WHERE ",
                                       where.sql, " GROUP BY opportunity");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"reminders_completed", sql}, where.values));
  while (rows.Next()) completed.emplace(rows.String(0), rows.Time(1));
  return completed;
}

absl::Status AutomaticReminders::Check(db::Connection& db, const std::vector<Timer>& timers,
                                       absl::Time now, std::vector<DueWork>& work) {
  if (timers.empty()) return absl::OkStatus();
  std::vector<int64_t> ids;
  for (const Timer& timer : timers) ids.push_back(timer.subject_id);
  CRM_ASSIGN_OR_RETURN(const auto opportunities, OpportunitiesById(db, sales_.table, ids));
  CRM_ASSIGN_OR_RETURN(const auto done, ReadDone(db, ids));
  CRM_ASSIGN_OR_RETURN(const auto completed, ReadCompleted(db, opportunities));
  for (const Timer& timer : timers) {
    const auto found = opportunities.find(timer.subject_id);
    if (found == opportunities.end()) {
      EndTimer(work.emplace_back().writes, timer);
      continue;
    }
    const StoredOpportunity& opportunity = found->second;
    absl::Time last_activity = record::TimeOf(opportunity.message.update_time());
    const auto last_done = completed.find(opportunity.message.number());
    if (last_done != completed.end()) last_activity = std::max(last_activity, last_done->second);
    const auto reminded = done.find(timer.subject_id);
    CRM_ASSIGN_OR_RETURN(DueWork one,
                         CheckOne(timer, opportunity, last_activity,
                                  reminded != done.end() ? reminded->second : Done(), now));
    work.push_back(std::move(one));
  }
  return absl::OkStatus();
}

absl::StatusOr<DueWork> AutomaticReminders::CheckOne(const Timer& timer,
                                                     const StoredOpportunity& opportunity,
                                                     absl::Time last_activity, const Done& done,
                                                     absl::Time now) {
  DueWork work{.due = timer.due, .writes = {}};
  absl::Time next = absl::InfiniteFuture();
  for (const Occasion& occasion : sales_.OccasionsOf(opportunity.message, last_activity)) {
    if (done.contains({occasion.source, ToMicros(occasion.since)})) continue;
    if (occasion.due > now) {
      next = std::min(next, occasion.due);
    } else {
      CRM_RETURN_IF_ERROR(Remind(opportunity, occasion, now, work));
    }
  }
  ExpectUnchanged(work.writes, opportunity.key);
  if (next == absl::InfiniteFuture()) {
    EndTimer(work.writes, timer);
  } else {
    PutOffTimer(work.writes, timer, next);
  }
  return work;
}

absl::Status AutomaticReminders::Remind(const StoredOpportunity& opportunity,
                                        const Occasion& occasion, absl::Time now, DueWork& work) {
  const v1::Opportunity& about = opportunity.message;
  v1::Reminder reminder;
  AssignToOwnerOf(about, reminder);
  record::SetTime(occasion.due, *reminder.mutable_due_time());
  record::SetTime(now, *reminder.mutable_fire_time());
  reminder.set_text(sales_.TextOf(occasion, about));
  reminder.set_source(occasion.source);
  CRM_ASSIGN_OR_RETURN(const StoredReminder created,
                       sales_.reminders.Create(work.writes, std::move(reminder), JobSource(now)));
  work.writes.Insert(OccasionSpec(), {opportunity.key.id, occasion.source, ToMicros(occasion.since),
                                      created.key.id});
  ++work.fired;
  return absl::OkStatus();
}

}  // namespace crm::sales
