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
  for (const std::string& number : numbers) {
    const absl::Status counted = Count(number, read, out, addition);
    // One that cannot be read does not hold up the others.
    if (absl::IsDataLoss(counted)) {
      desk_.host.log().Write(log::Level::kError, "a ticket cannot be read: its words do not count",
                             {{"number", number}, {"reason", ErrorReason(counted)}});
      continue;
    }
    CRM_RETURN_IF_ERROR(counted);
  }
  addition.Write(out);
  return absl::OkStatus();
}

absl::Status TermJob::Count(const std::string& number, db::Connection& read, db::WriteSet& out,
                            ProblemAddition& addition) const {
  const absl::StatusOr<StoredTicket> ticket =
      desk_.store.Get(read, number, auth::RowScope::Everything());
  if (absl::IsNotFound(ticket.status())) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(ticket.status());
  CRM_ASSIGN_OR_RETURN(const TicketEvents history, TicketStore::ReadEvents(read, ticket->key.id));
  return counter_.Count(read, *ticket, history, out, addition);
}

}  // namespace crm::ticket
