#include "services/sales/reminders.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "common/filter/scope.h"
#include "common/record/times.h"
#include "common/schema/message_schema.h"
#include "crm/sales/v1/opportunity.pb.h"
#include "services/sales/opportunity_batch.h"
#include "services/sales/timers.h"

namespace crm::sales {
namespace {

using filter::Fragment;
using Kind = auth::RowScope::Kind;

constexpr char kType[] = "crm.sales.v1.Reminder";

void AppendIn(std::string_view column, const std::vector<std::string>& values, Fragment& out) {
  out.Append(absl::StrCat(ToAbsl(column), " IN ("));
  for (size_t i = 0; i < values.size(); ++i) out.Append(i == 0 ? "?" : ", ?", values[i]);
  out.Append(")");
}

// Of a team of the scope, or of none.
Fragment OfTeams(const auth::RowScope& scope) {
  if (scope.kind != Kind::kTeams) return {};
  Fragment where{"(team IS NULL", {}};
  if (!scope.teams.empty()) {
    where.Append(" OR ");
    AppendIn("team", scope.teams, where);
  }
  where.Append(")");
  return where;
}

Fragment OfReadableOpportunity(const auth::RowScope& scope) {
  const Fragment readable =
      filter::ScopeCondition(schema::MessageSchema::Of<v1::Opportunity>(), scope, "o");
  if (readable.empty()) return {"opportunity IS NOT NULL", {}};
  Fragment where{"EXISTS (SELECT 1 FROM opportunity AS o WHERE o.number = reminder.opportunity",
                 {}};
  where.And(readable);
  where.Append(")");
  return where;
}

// Whom reminders for the caller's roles are for.
Fragment ReachingRoles(const ReminderReader& reader) {
  const Fragment of_teams = OfTeams(reader.scope);
  if (!reader.opportunities.has_value()) return of_teams;
  Fragment others{"opportunity IS NULL", {}};
  others.And(of_teams);
  Fragment where{"(", {}};
  where.Append(OfReadableOpportunity(*reader.opportunities));
  where.Append(" OR ");
  where.Append(others);
  where.Append(")");
  return where;
}

// Adds ` OR …`.
void OrForRoles(const ReminderReader& reader, Fragment& out) {
  if (reader.caller.roles.empty()) return;
  Fragment for_roles;
  AppendIn("assignee_role", reader.caller.roles, for_roles);
  for_roles.And(ReachingRoles(reader));
  out.Append(" OR (");
  out.Append(for_roles);
  out.Append(")");
}

}  // namespace

Fragment VisibleReminders(const ReminderReader& reader) {
  const auth::Caller& caller = reader.caller;
  const auth::RowScope& scope = reader.scope;
  if (scope.kind == Kind::kAll) return {};
  Fragment visible{"(assignee = ? OR creator = ?", {caller.id, caller.id}};
  OrForRoles(reader, visible);
  if (scope.kind == Kind::kTeams && !scope.teams.empty()) {
    visible.Append(" OR ");
    AppendIn("team", scope.teams, visible);
  }
  visible.Append(")");
  return visible;
}

Fragment RemindersFor(const ReminderReader& reader) {
  Fragment mine{"(assignee = ?", {reader.caller.id}};
  OrForRoles(reader, mine);
  mine.Append(")");
  return mine;
}

Reminders::Reminders(runtime::ServiceRuntime& runtime, numbering::NumberPattern pattern)
    : table_(v1::Reminder::descriptor(), runtime.keyring(), runtime.ids(), "reminder"),
      numbers_(
          {.name = "reminder", .pattern = std::move(pattern), .zone = runtime.zone(), .block = 500},
          runtime.pool()) {}

absl::StatusOr<StoredReminder> Reminders::Create(db::WriteSet& writes, v1::Reminder reminder,
                                                 const resource::ChangeSource& source) {
  CRM_ASSIGN_OR_RETURN(std::string number, numbers_.Next(source.time));
  reminder.set_number(std::move(number));
  reminder.set_state(v1::REMINDER_STATE_OPEN);
  StoredReminder created{{}, std::move(reminder)};
  created.key = table_.Create(writes, created.message, source);
  if (created.message.has_fire_time()) {
    AddDueEvent(writes, created, source);
  } else {
    SetTimer(writes,
             {TimerKind::kReminder, created.key.id, record::TimeOf(created.message.due_time())});
  }
  return created;
}

StoredReminder Reminders::Change(db::WriteSet& writes, const StoredReminder& before,
                                 v1::Reminder after, const resource::ChangeSource& source) const {
  const bool open = after.state() == v1::REMINDER_STATE_OPEN;
  const absl::Time due = record::TimeOf(after.due_time());
  const bool anew = open && (record::TimeOf(before.message.due_time()) != due ||
                             before.message.assignee() != after.assignee() ||
                             before.message.assignee_role() != after.assignee_role());
  if (anew) after.clear_fire_time();
  StoredReminder changed{{}, std::move(after)};
  changed.key = table_.Change(writes, before.key, before.message, changed.message, source);
  if (anew) SetTimer(writes, {TimerKind::kReminder, changed.key.id, due});
  if (!open) DropTimer(writes, TimerKind::kReminder, changed.key.id);
  return changed;
}

void Reminders::Fire(db::WriteSet& writes, const StoredReminder& reminder,
                     const resource::ChangeSource& source) const {
  StoredReminder fired{{reminder.key.id, reminder.key.version + 1}, reminder.message};
  record::SetTime(source.time, *fired.message.mutable_fire_time());
  fired.message.set_etag(resource::EtagOf(fired.key.version));
  // Nobody changed it: neither history nor editor, but a version that a later one is checked by.
  table_.table().Update(writes, reminder.key, reminder.message, fired.message);
  DropTimer(writes, TimerKind::kReminder, reminder.key.id);
  AddDueEvent(writes, fired, source);
}

void Reminders::AddDueEvent(db::WriteSet& writes, const StoredReminder& reminder,
                            const resource::ChangeSource& source) {
  writes.AddEvent(event::MakeEvent({.type = kReminderDue,
                                    .subject = reminder.message.number(),
                                    .version = reminder.key.version,
                                    .time = source.time,
                                    .actor = source.actor,
                                    .payload = &reminder.message}));
}

absl::StatusOr<std::vector<StoredReminder>> Reminders::Select(db::Connection& db,
                                                              std::string_view name,
                                                              const Fragment& rest) const {
  const std::string sql =
      absl::StrCat("SELECT ", table_.table().Columns(), " FROM reminder WHERE ", rest.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({name, sql}, rest.values));
  std::vector<StoredReminder> found(rows.size());
  for (StoredReminder& reminder : found) {
    rows.Next();
    CRM_RETURN_IF_ERROR(table_.table().Read(rows, reminder.key, reminder.message));
  }
  return found;
}

absl::StatusOr<StoredReminder> Reminders::Get(db::Connection& db, const std::string& number,
                                              const Fragment& visible) const {
  Fragment where{"number = ?", {number}};
  where.And(visible);
  CRM_ASSIGN_OR_RETURN(std::vector<StoredReminder> found, Select(db, "reminder_by_number", where));
  if (found.empty()) return NotFound(kType, number);
  return std::move(found.front());
}

absl::StatusOr<std::vector<StoredReminder>> Reminders::ByIds(db::Connection& db,
                                                             absl::Span<const int64_t> ids) const {
  if (ids.empty()) return std::vector<StoredReminder>();
  return Select(db, "reminders_by_id", InIds("id", ids));
}

absl::StatusOr<std::vector<StoredReminder>> Reminders::OpenOnesOf(
    db::Connection& db, absl::Span<const std::string> opportunities,
    const std::string& assignee) const {
  if (opportunities.empty()) return std::vector<StoredReminder>();
  Fragment where = InNumbers("opportunity", opportunities);
  where.And({"state = ? AND assignee = ?", {v1::REMINDER_STATE_OPEN, assignee}});
  return Select(db, "reminders_open_of", where);
}

absl::StatusOr<std::vector<StoredReminder>> Reminders::DueAfter(db::Connection& db,
                                                                const Place& place, int count,
                                                                const Fragment& condition) const {
  Fragment where{
      "state = ? AND fire_time IS NOT NULL AND (due_time > ? OR (due_time = ? AND id > ?))",
      {v1::REMINDER_STATE_OPEN, place.due, place.due, place.id}};
  where.And(condition);
  where.Append(" ORDER BY due_time, id LIMIT ?", count);
  return Select(db, "reminders_due", where);
}

}  // namespace crm::sales
