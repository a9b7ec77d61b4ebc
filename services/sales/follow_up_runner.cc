#include "services/sales/follow_up_runner.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/filter/filter.h"
#include "common/record/times.h"
#include "services/sales/opportunity_batch.h"
#include "services/sales/reminder_rules.h"

namespace crm::sales {
namespace {

constexpr int kSecondsOfDay = 24 * 60 * 60;

const db::InsertSpec& DoneSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "follow_up_done", {"rule_id", "opportunity_id", "after_days", "reminder_id"}, ""};
  return spec;
}

// At the same time of the day.
absl::Time DaysAfter(absl::Time base, int days, absl::TimeZone zone) {
  const absl::CivilSecond civil = absl::ToCivilSecond(base, zone);
  return absl::FromCivil(civil + int64_t{kSecondsOfDay} * days, zone) +
         (base - absl::FromCivil(civil, zone));
}

v1::Reminder ReminderOf(const v1::FollowUpRule& rule, const v1::FollowUpStep& step,
                        const v1::Opportunity& opportunity) {
  v1::Reminder reminder;
  AssignToOwnerOf(opportunity, reminder);
  if (!rule.assignee().empty() || !rule.assignee_role().empty()) {
    reminder.set_assignee(rule.assignee());
    reminder.set_assignee_role(rule.assignee_role());
  }
  reminder.set_text(step.text());
  reminder.set_source(v1::REMINDER_SOURCE_FOLLOW_UP_RULE);
  reminder.set_rule(rule.code());
  return reminder;
}

}  // namespace

filter::CompileOptions FollowUpRunner::OptionsAt(absl::Time now) const {
  filter::CompileOptions options;
  options.keyring = &sales_.keyring;
  options.now = now;
  options.zone = sales_.zone;
  return options;
}

absl::StatusOr<filter::Fragment> FollowUpRunner::ConditionOf(
    const v1::FollowUpRule& rule, const filter::CompileOptions& options) const {
  CRM_ASSIGN_OR_RETURN(
      const filter::Fragment matching,
      filter::CompileFilter(schema::MessageSchema::Of<v1::Opportunity>(), rule.filter(), options));
  filter::Fragment condition{"stage_kind = ?", {v1::STAGE_KIND_OPEN}};
  if (!matching.empty()) condition.And({absl::StrCat("(", matching.sql, ")"), matching.values});
  return condition;
}

absl::StatusOr<std::vector<int64_t>> FollowUpRunner::Matching(db::Connection& db,
                                                              const v1::FollowUpRule& rule,
                                                              absl::Span<const int64_t> ids,
                                                              absl::Time now) const {
  filter::Fragment where = InIds("id", ids);
  CRM_ASSIGN_OR_RETURN(const filter::Fragment condition, ConditionOf(rule, OptionsAt(now)));
  where.And(condition);
  const std::string sql = absl::StrCat("SELECT id FROM opportunity WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"follow_up_matching", sql}, where.values));
  std::vector<int64_t> matching;
  while (rows.Next()) matching.push_back(rows.Int(0));
  return matching;
}

absl::StatusOr<std::map<int64_t, FollowUpRunner::Steps>> FollowUpRunner::StepsDone(
    db::Connection& db, const StoredRule& rule, absl::Span<const int64_t> opportunities) const {
  std::map<int64_t, Steps> done;
  if (opportunities.empty()) return done;
  filter::Fragment where = InIds("opportunity_id", opportunities);
  where.Append(" AND rule_id = ?", rule.key.id);
  const std::string sql =
      absl::StrCat("SELECT opportunity_id, after_days FROM follow_up_done WHERE ", where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"follow_up_steps", sql}, where.values));
  while (rows.Next()) done[rows.Int(0)].insert(static_cast<int>(rows.Int(1)));
  return done;
}

absl::StatusOr<int> FollowUpRunner::Remind(db::WriteSet& writes, const StoredRule& rule,
                                           const StoredOpportunity& opportunity, const Steps& done,
                                           absl::Time base, const resource::ChangeSource& source) {
  int made = 0;
  for (const v1::FollowUpStep& step : rule.message.steps()) {
    if (done.contains(step.after_days())) continue;
    v1::Reminder reminder = ReminderOf(rule.message, step, opportunity.message);
    record::SetTime(DaysAfter(base, step.after_days(), sales_.zone), *reminder.mutable_due_time());
    CRM_ASSIGN_OR_RETURN(const StoredReminder created,
                         sales_.reminders.Create(writes, std::move(reminder), source));
    writes.Insert(DoneSpec(), {rule.key.id, opportunity.key.id, step.after_days(), created.key.id});
    ++made;
  }
  return made;
}

absl::Status FollowUpRunner::OnNew(db::Connection& db, const std::vector<Timer>& timers,
                                   absl::Time now, std::vector<DueWork>& work) {
  if (timers.empty()) return absl::OkStatus();
  std::vector<int64_t> ids;
  std::map<int64_t, DueWork> of_opportunity;
  for (const Timer& timer : timers) {
    ids.push_back(timer.subject_id);
    DueWork& one = of_opportunity[timer.subject_id];
    one.due = timer.due;
    EndTimer(one.writes, timer);
  }
  CRM_ASSIGN_OR_RETURN(const auto opportunities, OpportunitiesById(db, sales_.table, ids));
  const auto rules = sales_.follow_ups.Get();
  for (const StoredRule* rule : rules->ForNew()) {
    const absl::StatusOr<std::vector<int64_t>> matching = Matching(db, rule->message, ids, now);
    if (absl::IsInvalidArgument(matching.status())) continue;
    CRM_RETURN_IF_ERROR(matching.status());
    CRM_ASSIGN_OR_RETURN(const auto done, StepsDone(db, *rule, *matching));
    for (const int64_t id : *matching) {
      const auto opportunity = opportunities.find(id);
      if (opportunity == opportunities.end()) continue;
      const auto steps = done.find(id);
      CRM_RETURN_IF_ERROR(Remind(of_opportunity[id].writes, *rule, opportunity->second,
                                 steps != done.end() ? steps->second : Steps(),
                                 record::TimeOf(opportunity->second.message.create_time()),
                                 JobSource(now))
                              .status());
    }
  }
  for (auto& [id, one] : of_opportunity) work.push_back(std::move(one));
  return absl::OkStatus();
}

}  // namespace crm::sales
