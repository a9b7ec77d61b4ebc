#include "services/ticket/term_job.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/event/event_log.h"
#include "common/event/node_position.h"
#include "common/event/outbox.h"
#include "common/job/database_wait.h"

namespace crm::ticket {
namespace {

constexpr char kName[] = "ticket-terms";
constexpr char kHashPurpose[] = "ticket.term";
constexpr absl::Duration kEvery = absl::Seconds(2);

constexpr db::Query kStored{"ticket_terms", R"sql(
  SELECT term
  FROM ticket_term
  WHERE ticket_id = ?)sql"};
constexpr db::Query kDelete{"ticket_term_delete", R"sql(
  DELETE FROM ticket_term
  WHERE ticket_id = ? AND term = ?)sql"};

const db::InsertSpec& TicketTermSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "ticket_term", {"ticket_id", "term"}, "ON DUPLICATE KEY UPDATE term = VALUES(term)"};
  return spec;
}

const db::InsertSpec& TermSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"term", {"hash", "text"}, "ON DUPLICATE KEY UPDATE hash = VALUES(hash)"};
  return spec;
}

bool SaysSomethingElse(const crm::event::v1::Event& event) {
  if (event.type() == "ticket.created" || event.type() == "ticket.imported") return true;
  return std::any_of(
      event.changed_fields().begin(), event.changed_fields().end(),
      [](const std::string& field) { return field == "subject" || field == "description"; });
}

}  // namespace

std::string TermHash(crypto::Keyring& keyring, std::string_view term) {
  return keyring.LookupHash(kHashPurpose, term);
}

std::string TermAad(std::string_view hash) {
  return absl::StrCat("term.text|", absl::BytesToHexString(ToAbsl(hash)));
}

TermJob::TermJob(Desk& desk)
    : desk_(desk),
      events_({.source = kName}, desk.host.pool(), signal_),
      source_(events_),
      reader_({.source = kName,
               .types = {"ticket.created", "ticket.imported", "ticket.updated"},
               .holder = desk.host.holder(),
               // Too far behind to follow: what is said from now on.
               .rebuild = [this](const event::GoOn&) -> absl::StatusOr<int64_t> {
                 CRM_ASSIGN_OR_RETURN(db::Pool::Lease db,
                                      desk_.host.pool().Acquire(job::DatabaseDeadline()));
                 return event::NewestPosition(*db);
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
  for (const Event* event : events) {
    if (SaysSomethingElse(*event)) numbers.insert(event->subject());
  }
  for (const std::string& number : numbers) CRM_RETURN_IF_ERROR(Collect(number, read, out));
  return absl::OkStatus();
}

absl::Status TermJob::Collect(const std::string& number, db::Connection& read,
                              db::WriteSet& out) const {
  const auth::RowScope all{auth::RowScope::Kind::kAll, "", {}};
  const absl::StatusOr<StoredTicket> ticket = desk_.store.Get(read, number, all);
  if (absl::IsNotFound(ticket.status())) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(ticket.status());
  std::set<std::string> wanted;
  for (const std::string& term : finder_.TermsOf(ticket->message)) {
    const std::string hash = TermHash(desk_.host.keyring(), term);
    wanted.insert(hash);
    out.Insert(TermSpec(), {hash, desk_.host.keyring().Encrypt(term, TermAad(hash))});
    out.Insert(TicketTermSpec(), {ticket->key.id, hash});
  }
  CRM_ASSIGN_OR_RETURN(db::Rows rows, read.Select(kStored, {ticket->key.id}));
  while (rows.Next()) {
    std::string stored = rows.String(0);
    if (!wanted.contains(stored)) out.Execute(kDelete, {ticket->key.id, std::move(stored)});
  }
  return absl::OkStatus();
}

}  // namespace crm::ticket
