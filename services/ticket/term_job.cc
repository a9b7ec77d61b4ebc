#include "services/ticket/term_job.h"

#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/event_log.h"
#include "common/event/node_position.h"
#include "common/event/outbox.h"
#include "common/job/database_wait.h"
#include "services/ticket/derive_job.h"

namespace crm::ticket {
namespace {

constexpr char kName[] = "ticket-terms";
constexpr absl::Duration kEvery = absl::Seconds(2);

}  // namespace

TermJob::TermJob(Desk& desk)
    : desk_(desk),
      counter_(desk.host.keyring(), desk.host.zone()),
      events_({.source = kName}, desk.host.pool(), signal_),
      source_(events_),
      reader_({.source = kName,
               .types = {"ticket.created", "ticket.imported", "ticket.updated"},
               .holder = desk.host.holder(),
               // Too far behind to follow.
               .rebuild = [this](const event::GoOn&) -> absl::StatusOr<int64_t> {
                 CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                                      desk_.host.pool().Acquire(job::DatabaseDeadline()));
                 CRM_ASSIGN_OR_RETURN(const int64_t newest, event::NewestPosition(*db));
                 CRM_RETURN_IF_ERROR(DeriveAgain(*db));
                 return newest;
               },
               .stop_at_end = true},
              desk.host.pool(), desk.host.clock(), source_,
              event::MakeOutboxHook(desk.host.ids(), desk.host.clock()),
              [this](absl::Span<const Event* const> events, db::Connection& read,
                     db::WriteSet& out) { return OnEvents(events, read, out); }) {}

job::JobOptions TermJob::Options() const {
  job::JobOptions options = reader_.DefaultJobOptions();
  options.name = "collect-terms";
  options.interval = kEvery;
  return options;
}

absl::Status TermJob::OnEvents(absl::Span<const Event* const> events, db::Connection& read,
                               db::WriteSet& out) const {
  // Where the tickets have come, too.
  if (!events.empty()) {
    CRM_RETURN_IF_ERROR(event::WaitForPosition(read, events.back()->position()));
  }
  std::set<std::string> numbers;
  for (const Event* event : events) numbers.insert(event->subject());
  ProblemAddition addition;
  CRM_RETURN_IF_ERROR(Count({numbers.begin(), numbers.end()}, read, out, addition));
  addition.Write(out);
  return absl::OkStatus();
}

absl::Status TermJob::Count(const std::vector<std::string>& numbers, db::Connection& read,
                            db::WriteSet& out, ProblemAddition& addition) const {
  // One that cannot be read does not hold up the others.
  const auto log_unreadable = [&](int64_t id, const absl::Status& status) {
    desk_.host.log().Write(log::Level::kError, "a ticket cannot be read: its words do not count",
                           {{"id", id}, {"reason", ErrorReason(status)}});
  };
  CRM_ASSIGN_OR_RETURN(const std::vector<StoredTicket> tickets,
                       desk_.store.GetMany(read, numbers, log_unreadable));
  CRM_ASSIGN_OR_RETURN(auto events, TicketStore::ReadEventsOf(read, tickets));
  std::vector<TicketToCount> to_count;
  to_count.reserve(tickets.size());
  for (const StoredTicket& ticket : tickets) to_count.push_back({&ticket, &events[ticket.key.id]});
  return counter_.Count(read, to_count, out, addition);
}

}  // namespace crm::ticket
