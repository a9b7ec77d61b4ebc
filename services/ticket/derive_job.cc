#include "services/ticket/derive_job.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/db/commit_each.h"
#include "common/job/database_wait.h"
#include "common/job/exclusive.h"

namespace crm::ticket {
namespace {

constexpr char kName[] = "derive-ticket-rows";
// Raised when the rows of a ticket become others without a change of the ticket. The release that
// raises it also has the sums made anew (zone '' of `ticket_sum_state`): what changes before its
// turn tells them the difference to rows that they do not have.
constexpr int64_t kForm = 2;
// Stored while a run for the form is under way.
constexpr int64_t kFormUnderWay = -kForm;
constexpr absl::Duration kEvery = absl::Seconds(5);
constexpr absl::Duration kLeaseTerm = absl::Seconds(30);
constexpr int kTicketsOfStep = 100;

constexpr db::Query kPosition{"ticket_derived_position", R"sql(
  SELECT form, zone, ticket_id
  FROM ticket_derived_state
  WHERE id = 1)sql"};
constexpr db::Query kSetPosition{"ticket_derived_position_set", R"sql(
  UPDATE ticket_derived_state
  SET form = ?, zone = ?, ticket_id = ?
  WHERE id = 1 AND form = ? AND zone = ? AND ticket_id = ?)sql"};
constexpr db::Query kDeriveAgain{"ticket_derive_again", R"sql(
  UPDATE ticket_derived_state
  SET form = 0, ticket_id = 0
  WHERE id = 1)sql"};
constexpr db::Query kNextTickets{"ticket_derive_next", R"sql(
  SELECT id
  FROM ticket
  WHERE id > ?
  ORDER BY id
  LIMIT ?)sql"};

}  // namespace

absl::Status DeriveAgain(db::Connection& db) { return db.Execute(kDeriveAgain, {}).status(); }

absl::StatusOr<bool> IsDerived(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kPosition, {}));
  return rows.Next() && rows.Int(0) > 0;
}

job::JobOptions DeriveJob::Options() { return {.name = kName, .interval = kEvery}; }

job::JobBody DeriveJob::Body() {
  return job::Exclusive(desk_.host.pool(), desk_.host.clock(),
                        {.name = kName, .holder = desk_.host.holder(), .term = kLeaseTerm},
                        job::InSteps([this] { return Step(); }));
}

absl::StatusOr<job::Progress> DeriveJob::Step() {
  Position position;
  std::vector<int64_t> tickets;
  std::vector<db::WriteSet> writes;
  absl::Status unreadable;
  {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, desk_.host.pool().Acquire(job::DatabaseDeadline()));
    CRM_ASSIGN_OR_RETURN(position, ReadPosition(*db));
    if (AtEnd(position)) return job::Progress::kDone;
    CRM_ASSIGN_OR_RETURN(db::Rows rows,
                         db->Select(kNextTickets, {After(position), kTicketsOfStep}));
    while (rows.Next()) tickets.push_back(rows.Int(0));
    CRM_ASSIGN_OR_RETURN(writes, Derive(*db, tickets, unreadable));
  }
  CRM_ASSIGN_OR_RETURN(
      const db::Committed committed,
      db::CommitEach(desk_.host.committer(), std::move(writes), job::DatabaseDeadline()));
  // Who has changed one meanwhile has written what changed, and nothing else.
  if (committed.conflicts > 0) return job::Progress::kMore;
  const bool all = tickets.empty();
  const Position next{all ? kForm : kFormUnderWay, ZoneName(), all ? 0 : tickets.back()};
  CRM_RETURN_IF_ERROR(MovePosition(position, next));
  CRM_RETURN_IF_ERROR(unreadable);
  return all ? job::Progress::kDone : job::Progress::kMore;
}

std::string DeriveJob::ZoneName() const { return desk_.host.zone().name(); }

// A later release knows better.
bool DeriveJob::AtEnd(const Position& position) const {
  if (std::abs(position.form) > kForm) return true;
  return position.form == kForm && position.zone == ZoneName();
}

// Where a run for something else has stopped says nothing.
int64_t DeriveJob::After(const Position& position) const {
  const bool under_way = position.form == kFormUnderWay && position.zone == ZoneName();
  return under_way ? position.ticket_id : 0;
}

absl::StatusOr<DeriveJob::Position> DeriveJob::ReadPosition(db::Connection& db) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kPosition, {}));
  if (!rows.Next()) return absl::DataLossError("table ticket_derived_state has lost its row");
  return Position{rows.Int(0), rows.String(1), rows.Int(2)};
}

// Nothing if it is another one meanwhile: then all are to be looked at again.
absl::Status DeriveJob::MovePosition(const Position& from, const Position& to) const {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, desk_.host.pool().Acquire(job::DatabaseDeadline()));
  return db
      ->Execute(kSetPosition,
                {to.form, to.zone, to.ticket_id, from.form, from.zone, from.ticket_id})
      .status();
}

absl::StatusOr<std::vector<db::WriteSet>> DeriveJob::Derive(db::Connection& db,
                                                            const std::vector<int64_t>& tickets,
                                                            absl::Status& unreadable) const {
  std::vector<db::WriteSet> all;
  for (const int64_t id : tickets) {
    absl::StatusOr<db::WriteSet> writes = DeriveOne(db, id);
    if (absl::IsDataLoss(writes.status())) {
      unreadable = writes.status();
      continue;
    }
    CRM_RETURN_IF_ERROR(writes.status());
    if (!writes->empty()) all.push_back(*std::move(writes));
  }
  return all;
}

absl::StatusOr<db::WriteSet> DeriveJob::DeriveOne(db::Connection& db, int64_t id) const {
  db::WriteSet writes;
  CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> ticket, desk_.store.GetById(db, id));
  if (!ticket.has_value()) return writes;
  CRM_ASSIGN_OR_RETURN(const TicketState state, desk_.WithHistory(db, *std::move(ticket)));
  DerivedRows stored;
  CRM_ASSIGN_OR_RETURN(stored.clocks, ReadClockRows(db, id));
  CRM_ASSIGN_OR_RETURN(stored.facts,
                       ReadFactRows(db, id, state.ticket.message, state.history.events));
  desk_.changes.Rederive(writes, state, stored, desk_.host.clock().Now());
  ProblemAddition addition;
  const TicketToCount counted{&state.ticket, &state.history.events};
  CRM_RETURN_IF_ERROR(problems_.Count(db, absl::MakeConstSpan(&counted, 1), writes, addition));
  addition.Write(writes);
  // Its rows and its count were read one after the other.
  if (!writes.empty()) TicketStore::ExpectUnchanged(writes, state.ticket);
  return writes;
}

}  // namespace crm::ticket
