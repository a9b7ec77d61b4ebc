#include "services/sales/reminder_watch.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/event_log.h"
#include "common/event/node_position.h"
#include "common/event/own_events.h"
#include "common/record/times.h"
#include "services/sales/reminder_rules.h"

namespace crm::sales {
namespace {

constexpr char kTeamType[] = "crm.customer.v1.StaffTeam";
constexpr int kPage = 200;
constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);

absl::Status OutOfScope() {
  return Error(absl::StatusCode::kPermissionDenied, "TEAM_OUT_OF_SCOPE",
               "the caller's scope does not have this team in it");
}

bool HasTeam(const auth::RowScope& scope, const std::string& team) {
  if (scope.kind == auth::RowScope::Kind::kAll) return true;
  return scope.kind == auth::RowScope::Kind::kTeams &&
         std::find(scope.teams.begin(), scope.teams.end(), team) != scope.teams.end();
}

}  // namespace

void ReminderWatch::Register(server::MethodTable& table) {
  table.ServerStream<v1::WatchRemindersRequest, v1::WatchRemindersResponse>(
      "WatchReminders", [this](CallContext& call, const v1::WatchRemindersRequest& request,
                               Writer& writer) { return Watch(call, request, writer); });
}

absl::StatusOr<ReminderWatch::Audience> ReminderWatch::AudienceOf(const CallContext& call,
                                                                  const std::string& team) const {
  if (team.empty()) {
    return Audience{RemindersFor(sales_.ReminderReaderOf(call)),
                    [caller = call.caller()](const v1::Reminder& reminder) {
                      return MayBeFor(reminder, caller);
                    }};
  }
  if (!HasTeam(call.scope(), team)) return OutOfScope();
  const auto staff = sales_.archive.staff().Get();
  // A team that only tokens know is one without teams below it.
  std::vector<std::string> teams = staff->TeamsBelow(team);
  if (staff->Team(team) == nullptr) {
    if (call.scope().kind == auth::RowScope::Kind::kAll) return NotFound(kTeamType, team);
    teams = {team};
  }
  std::erase_if(teams, [&](const std::string& each) { return !HasTeam(call.scope(), each); });
  filter::Fragment condition{"team IN (", {}};
  for (size_t i = 0; i < teams.size(); ++i) condition.Append(i == 0 ? "?" : ", ?", teams[i]);
  condition.Append(")");
  return Audience{std::move(condition), [teams = std::move(teams)](const v1::Reminder& reminder) {
                    return std::find(teams.begin(), teams.end(), reminder.team()) != teams.end();
                  }};
}

absl::StatusOr<int64_t> ReminderWatch::SendDue(CallContext& call, const Audience& audience,
                                               Writer& writer) {
  int64_t position = 0;
  {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    // Before the first read: what becomes due from then on comes as an event.
    CRM_ASSIGN_OR_RETURN(position, event::NewestPosition(*db));
  }
  Reminders::Place place;
  std::vector<StoredReminder> page;
  do {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    // Each page may come from another node: what it lacks would come neither with it nor after it.
    CRM_RETURN_IF_ERROR(event::WaitForPosition(*db, position));
    CRM_ASSIGN_OR_RETURN(page, sales_.reminders.DueAfter(*db, place, kPage, audience.condition));
    call.ReleaseDb();
    for (StoredReminder& reminder : page) {
      place = {record::TimeOf(reminder.message.due_time()), reminder.key.id};
      v1::WatchRemindersResponse response;
      *response.mutable_reminder() = std::move(reminder.message);
      response.mutable_reminder()->set_overdue(true);
      if (!writer.Write(response)) return position;
    }
  } while (page.size() == kPage);
  v1::WatchRemindersResponse end;
  end.set_position(position);
  writer.Write(end);
  return position;
}

absl::StatusOr<bool> ReminderWatch::ReadDue(const Audience& audience,
                                            const crm::event::v1::Event& event,
                                            v1::Reminder& reminder) const {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                       sales_.host.pool().Acquire(absl::Now() + kDatabaseTimeout));
  CRM_RETURN_IF_ERROR(event::WaitForPosition(*db, event.position()));
  absl::StatusOr<StoredReminder> found =
      sales_.reminders.Get(*db, event.subject(), audience.condition);
  if (absl::IsNotFound(found.status())) return false;
  CRM_RETURN_IF_ERROR(found.status());
  reminder = std::move(found->message);
  reminder.set_overdue(true);
  return reminder.state() == v1::REMINDER_STATE_OPEN && reminder.has_fire_time();
}

absl::Status ReminderWatch::Watch(CallContext& call, const v1::WatchRemindersRequest& request,
                                  Writer& writer) {
  CRM_ASSIGN_OR_RETURN(const Audience audience, AudienceOf(call, request.team()));
  int64_t position = request.after_position();
  if (position == 0) {
    CRM_ASSIGN_OR_RETURN(position, SendDue(call, audience, writer));
  }
  call.ReleaseDb();
  return sales_.host.own_events().Stream<v1::WatchRemindersResponse>(
      {.after_position = position, .types = {kReminderDue}}, writer,
      [&](const crm::event::v1::Event& event,
          v1::WatchRemindersResponse& out) -> absl::StatusOr<bool> {
        CRM_ASSIGN_OR_RETURN(const v1::Reminder due, event::PayloadOf<v1::Reminder>(event));
        if (!audience.has(due)) return false;
        return ReadDue(audience, event, *out.mutable_reminder());
      });
}

}  // namespace crm::sales
