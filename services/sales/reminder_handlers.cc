#include "services/sales/reminder_handlers.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/list_query.h"
#include "common/record/times.h"
#include "common/resource/update.h"
#include "services/sales/reminder_rules.h"
#include "services/sales/timers.h"

namespace crm::sales {
namespace {

constexpr char kOpportunityType[] = "crm.sales.v1.Opportunity";
constexpr char kDefaultOrder[] = "due_time";

bool Has(const std::vector<std::string>& written, std::string_view field) {
  return std::find(written.begin(), written.end(), field) != written.end();
}

// A person takes the place of a role, and the other way round.
void KeepOneAssignee(const std::vector<std::string>& written, v1::Reminder& reminder) {
  const bool person = Has(written, "assignee") && !reminder.assignee().empty();
  const bool role = Has(written, "assignee_role") && !reminder.assignee_role().empty();
  if (person && !role) reminder.clear_assignee_role();
  if (role && !person) reminder.clear_assignee();
}

bool IsForNobody(const v1::Reminder& reminder) {
  return reminder.assignee().empty() && reminder.assignee_role().empty();
}

}  // namespace

void ReminderHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  const auto close = [this](v1::ReminderState state) {
    return [this, state](auto& call, auto& request) { return Close(call, request, state); };
  };
  table.Unary<v1::CreateReminderRequest, v1::Reminder>("CreateReminder",
                                                       bind(&ReminderHandlers::Create));
  table.Unary<v1::GetReminderRequest, v1::Reminder>("GetReminder", bind(&ReminderHandlers::Get));
  table.Unary<v1::ListRemindersRequest, v1::ListRemindersResponse>("ListReminders",
                                                                   bind(&ReminderHandlers::List));
  table.Unary<v1::UpdateReminderRequest, v1::Reminder>("UpdateReminder",
                                                       bind(&ReminderHandlers::Update));
  table.Unary<v1::SnoozeReminderRequest, v1::Reminder>("SnoozeReminder",
                                                       bind(&ReminderHandlers::Snooze));
  table.Unary<v1::CloseReminderRequest, v1::Reminder>("CompleteReminder",
                                                      close(v1::REMINDER_STATE_DONE));
  table.Unary<v1::CloseReminderRequest, v1::Reminder>("CancelReminder",
                                                      close(v1::REMINDER_STATE_CANCELLED));
}

v1::Reminder ReminderHandlers::Shown(const CallContext& call, v1::Reminder reminder) const {
  reminder.set_overdue(IsOverdue(reminder, call.now()));
  return reminder;
}

absl::StatusOr<StoredReminder> ReminderHandlers::Find(CallContext& call,
                                                      const std::string& number) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return sales_.reminders.Get(*db, number, VisibleReminders(sales_.ReminderReaderOf(call)));
}

void ReminderHandlers::CheckAssignee(const CallContext& call, const v1::Reminder& reminder,
                                     std::vector<schema::Violation>& violations) const {
  CheckAssignment({reminder.assignee(), reminder.assignee_role()}, call.caller(),
                  *sales_.archive.staff().Get(), *sales_.host.policy().Get(), violations);
}

absl::StatusOr<std::string> ReminderHandlers::TeamOfSubject(CallContext& call,
                                                            const v1::Reminder& reminder) const {
  if (!reminder.customer().empty()) {
    CRM_ASSIGN_OR_RETURN(const crm::customer::v1::Customer customer,
                         sales_.CustomerFor(call, reminder.customer()));
    return customer.team();
  }
  if (reminder.opportunity().empty()) return "";
  const auto scope = sales_.ScopeFor(call.caller(), kReadOpportunities);
  if (!scope.has_value()) return NotFound(kOpportunityType, reminder.opportunity());
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      const StoredOpportunity found,
      record::GetByNumber<v1::Opportunity>(*db, sales_.table, reminder.opportunity(), *scope));
  return found.message.team();
}

void ReminderHandlers::SetTeam(const CallContext& call, const std::string& of_subject,
                               v1::Reminder& reminder) const {
  const auto* user = sales_.archive.staff().Get()->User(reminder.assignee());
  if (user != nullptr) {
    reminder.set_team(user->team());
  } else {
    reminder.set_team(of_subject.empty() ? call.caller().team : of_subject);
  }
}

absl::StatusOr<v1::Reminder> ReminderHandlers::Create(CallContext& call,
                                                      const v1::CreateReminderRequest& request) {
  v1::Reminder reminder = request.reminder();
  if (IsForNobody(reminder)) reminder.set_assignee(call.caller().id);
  std::vector<schema::Violation> violations;
  CheckSubject(reminder, violations);
  CheckDueTime(call.now(), reminder, violations);
  CheckAssignee(call, reminder, violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("reminder", std::move(violations), call.language()));
  CRM_ASSIGN_OR_RETURN(const std::string team, TeamOfSubject(call, reminder));
  SetTeam(call, team, reminder);
  reminder.set_source(v1::REMINDER_SOURCE_MANUAL);
  if (call.validate_only()) return Shown(call, std::move(reminder));
  CRM_ASSIGN_OR_RETURN(
      StoredReminder created,
      sales_.reminders.Create(call.writes(), std::move(reminder), record::SourceOf(call)));
  return Shown(call, std::move(created.message));
}

absl::StatusOr<v1::Reminder> ReminderHandlers::Get(CallContext& call,
                                                   const v1::GetReminderRequest& request) {
  CRM_ASSIGN_OR_RETURN(StoredReminder found, Find(call, request.reminder()));
  return Shown(call, std::move(found.message));
}

absl::StatusOr<v1::ListRemindersResponse> ReminderHandlers::List(
    CallContext& call, const v1::ListRemindersRequest& request) {
  const resource::ResourceTable& table = sales_.reminders.table().table();
  const ReminderReader reader = sales_.ReminderReaderOf(call);
  filter::Fragment condition = VisibleReminders(reader);
  if (request.mine()) condition.And(RemindersFor(reader));
  filter::CompileOptions options;
  options.keyring = &sales_.keyring;
  options.now = call.now();
  options.zone = sales_.zone;
  options.language = call.language();
  options.plain_kinds = call.plain_kinds();
  CRM_ASSIGN_OR_RETURN(
      const filter::ListQuery query,
      filter::ListQuery::Make(
          {.schema = table.schema(),
           .from = table.name(),
           .columns = table.Columns(),
           .column_count = table.column_count(),
           .condition = std::move(condition),
           .scope = {auth::RowScope::Kind::kAll, {}, {}}},
          {.page_size = request.page_size(),
           .page_token = request.page_token(),
           .filter = request.filter(),
           .order_by = request.order_by().empty() ? kDefaultOrder : request.order_by()},
          options));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListRemindersResponse response;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "reminder_list", [&](const db::Rows& row) {
                         resource::RowKey key;
                         return table.Read(row, key, *response.add_reminders());
                       }));
  for (v1::Reminder& reminder : *response.mutable_reminders()) {
    reminder.set_overdue(IsOverdue(reminder, call.now()));
  }
  response.set_next_page_token(std::move(page.next_page_token));
  if (request.count_total()) {
    CRM_ASSIGN_OR_RETURN(const int64_t total, query.Count(*db, "reminder_count"));
    response.set_total(total);
  }
  return response;
}

absl::StatusOr<v1::Reminder> ReminderHandlers::Update(CallContext& call,
                                                      const v1::UpdateReminderRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredReminder before, Find(call, request.reminder().number()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  v1::Reminder after = before.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.reminder(), after, call.language()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.key, request.reminder().etag(), "reminder.etag", written));
  KeepOneAssignee(written, after);
  if (IsForNobody(after)) after.set_assignee(call.caller().id);
  std::vector<schema::Violation> violations;
  if (Has(written, "due_time")) CheckDueTime(call.now(), after, violations);
  CheckAssignee(call, after, violations);
  CRM_RETURN_IF_ERROR(record::RefuseIn("reminder", std::move(violations), call.language()));
  if (after.assignee() != before.message.assignee()) SetTeam(call, after.team(), after);
  if (call.validate_only()) return Shown(call, std::move(after));
  StoredReminder changed =
      sales_.reminders.Change(call.writes(), before, std::move(after), record::SourceOf(call));
  call.AfterCommit([this] { sales_.WakeTimers(); });
  return Shown(call, std::move(changed.message));
}

absl::StatusOr<v1::Reminder> ReminderHandlers::Snooze(CallContext& call,
                                                      const v1::SnoozeReminderRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredReminder before, Find(call, request.reminder()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  if (record::TimeOf(request.due_time()) <= call.now()) {
    return InvalidField("due_time", "TIME_IN_PAST", "use a time that is to come");
  }
  v1::Reminder after = before.message;
  *after.mutable_due_time() = request.due_time();
  after.set_snoozes(after.snoozes() + 1);
  return Shown(
      call, sales_.reminders.Change(call.writes(), before, std::move(after), record::SourceOf(call))
                .message);
}

absl::StatusOr<v1::Reminder> ReminderHandlers::Close(CallContext& call,
                                                     const v1::CloseReminderRequest& request,
                                                     v1::ReminderState state) {
  CRM_ASSIGN_OR_RETURN(const StoredReminder before, Find(call, request.reminder()));
  CRM_RETURN_IF_ERROR(CheckOpen(before.message));
  v1::Reminder after = before.message;
  after.set_state(state);
  record::SetTime(call.now(), *after.mutable_close_time());
  after.set_closer(call.caller().id);
  after.set_close_note(request.note());
  StoredReminder closed =
      sales_.reminders.Change(call.writes(), before, std::move(after), record::SourceOf(call));
  if (state == v1::REMINDER_STATE_DONE && !closed.message.opportunity().empty()) {
    CRM_RETURN_IF_ERROR(NoteActivity(call, closed.message.opportunity()));
  }
  return Shown(call, std::move(closed.message));
}

absl::Status ReminderHandlers::NoteActivity(CallContext& call,
                                            const std::string& opportunity) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  const auth::RowScope everybody{auth::RowScope::Kind::kAll, {}, {}};
  const auto found =
      record::GetByNumber<v1::Opportunity>(*db, sales_.table, opportunity, everybody);
  if (absl::IsNotFound(found.status())) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(found.status());
  sales_.NoteActivity(call, *found);
  return absl::OkStatus();
}

}  // namespace crm::sales
