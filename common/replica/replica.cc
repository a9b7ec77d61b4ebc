#include "common/replica/replica.h"

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/event/outbox.h"
#include "common/replica/embedded_replica_migrations.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/customer_service.pb.h"
#include "crm/customer/v1/staff_service.pb.h"

namespace crm::replica {
namespace {

namespace v1 = crm::customer::v1;
using crm::event::v1::Event;

constexpr char kArchive[] = "customer";
constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kDatabaseTimeout = absl::Seconds(10);
constexpr absl::Duration kListTimeout = absl::Seconds(30);
constexpr int kPage = 1000;

// Applies an event with the payload `Message`, if it has one.
template <typename Message, typename Keep>
void ApplyPayload(const Event& event, const Keep& keep) {
  Message message;
  if (event.payload().UnpackTo(&message)) keep(message);
}

}  // namespace

std::vector<db::Migration> WithReplica(std::vector<db::Migration> own) {
  std::vector<db::Migration> all = runtime::MigrationsOf("replica", embedded::replica_migrations());
  for (db::Migration& migration : own) all.push_back(migration);
  return all;
}

Replica::Replica(runtime::ServiceRuntime& runtime)
    : runtime_(runtime),
      customers_(runtime.peers()),
      events_(runtime.peers(), kArchive),
      reader_({.source = kArchive,
               .types = {"customer.*", "staff.*", "team.*"},
               .holder = runtime.holder(),
               .rebuild = [this](const event::GoOn& go_on) { return Rebuild(go_on); },
               .rebuild_first = true},
              runtime.pool(), runtime.clock(), events_, db::OutboxHook(),
              [this](absl::Span<const Event* const> events, db::Connection&, db::WriteSet& writes) {
                return Apply(events, writes);
              }) {}

absl::Status Replica::Open() {
  CRM_RETURN_IF_ERROR(FollowStaff());
  runtime_.SetStaffDirectory(&staff_);
  runtime_.jobs().Add({.name = "follow-staff", .interval = kFollowEvery},
                      [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
                        CRM_RETURN_IF_ERROR(FollowStaff());
                        return absl::InfiniteFuture();
                      });
  if (runtime_.options().peers.count(kArchive) == 0) return absl::OkStatus();
  runtime_.jobs().Add(reader_.DefaultJobOptions(), reader_.Job());
  runtime_.AddReader(kArchive, reader_);
  return absl::OkStatus();
}

absl::Status Replica::FollowStaff() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(absl::Now() + kDatabaseTimeout));
  return staff_.Follow(*db);
}

absl::Status Replica::Apply(absl::Span<const Event* const> events, db::WriteSet& writes) {
  bool staff_changed = false;
  std::map<std::string, const Event*> teams;  // the last of each: deletions are written last
  for (const Event* event : events) {
    const std::string& type = event->type();
    if (absl::StartsWith(type, "customer.")) {
      ApplyPayload<v1::Customer>(*event,
                                 [&](const v1::Customer& copy) { KeepCustomer(copy, writes); });
      continue;
    }
    staff_changed = true;
    if (absl::StartsWith(type, "team.")) {
      teams[event->subject()] = event;
    } else {
      ApplyPayload<v1::StaffUser>(*event, [&](const v1::StaffUser& user) {
        StaffCopy::Keep(user, event->version(), writes);
      });
    }
  }
  for (const auto& [id, event] : teams) {
    if (event->type() == "team.deleted") {
      StaffCopy::RemoveTeam(id, writes);
      continue;
    }
    ApplyPayload<v1::StaffTeam>(*event, [&](const v1::StaffTeam& team) {
      StaffCopy::Keep(team, event->version(), writes);
    });
  }
  if (staff_changed) StaffCopy::MarkChanged(writes);
  return absl::OkStatus();
}

absl::Status Replica::Commit(db::WriteSet writes) {
  return runtime_.committer().Commit(std::move(writes), absl::Now() + kDatabaseTimeout);
}

absl::StatusOr<int64_t> Replica::Rebuild(const event::GoOn& go_on) {
  CRM_ASSIGN_OR_RETURN(const int64_t position, events_.NewestPosition());
  // Staff first: until they are known, tokens alone say who may do what.
  CRM_RETURN_IF_ERROR(RebuildStaff());
  CRM_RETURN_IF_ERROR(RebuildCustomers(go_on));
  return position;
}

absl::Status Replica::RebuildCustomers(const event::GoOn& go_on) {
  CRM_ASSIGN_OR_RETURN(client::Channel* const archive, runtime_.peers().Find(kArchive));
  v1::ListCustomersRequest request;
  request.set_page_size(kPage);
  do {
    CRM_ASSIGN_OR_RETURN(const v1::ListCustomersResponse page,
                         (archive->Call<v1::ListCustomersRequest, v1::ListCustomersResponse>(
                             "/crm.customer.v1.CustomerService/ListCustomers", request,
                             runtime_.peers().Options(kListTimeout))));
    db::WriteSet writes;
    for (const v1::Customer& customer : page.customers()) KeepCustomer(customer, writes);
    CRM_RETURN_IF_ERROR(Commit(std::move(writes)));
    CRM_RETURN_IF_ERROR(go_on());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status Replica::RebuildStaff() {
  CRM_ASSIGN_OR_RETURN(client::Channel* const archive, runtime_.peers().Find(kArchive));
  // Few enough for one transaction: a reader never sees half a directory.
  db::WriteSet writes;
  v1::ListStaffUsersRequest users;
  users.set_page_size(kPage);
  do {
    CRM_ASSIGN_OR_RETURN(const v1::ListStaffUsersResponse page,
                         (archive->Call<v1::ListStaffUsersRequest, v1::ListStaffUsersResponse>(
                             "/crm.customer.v1.StaffService/ListStaffUsers", users,
                             runtime_.peers().Options(kListTimeout))));
    for (const v1::StaffUser& user : page.users()) {
      StaffCopy::Keep(user, resource::ParseEtag(user.etag(), "etag").value_or(0), writes);
    }
    users.set_page_token(page.next_page_token());
  } while (!users.page_token().empty());
  v1::ListStaffTeamsRequest teams;
  teams.set_page_size(kPage);
  std::set<std::string> gone = staff_.Get()->TeamIds();
  do {
    CRM_ASSIGN_OR_RETURN(const v1::ListStaffTeamsResponse page,
                         (archive->Call<v1::ListStaffTeamsRequest, v1::ListStaffTeamsResponse>(
                             "/crm.customer.v1.StaffService/ListStaffTeams", teams,
                             runtime_.peers().Options(kListTimeout))));
    for (const v1::StaffTeam& team : page.teams()) {
      StaffCopy::Keep(team, resource::ParseEtag(team.etag(), "etag").value_or(0), writes);
      gone.erase(team.team_id());
    }
    teams.set_page_token(page.next_page_token());
  } while (!teams.page_token().empty());
  for (const std::string& id : gone) StaffCopy::RemoveTeam(id, writes);
  StaffCopy::MarkChanged(writes);
  return Commit(std::move(writes));
}

}  // namespace crm::replica
