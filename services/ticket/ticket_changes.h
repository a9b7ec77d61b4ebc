// Writes tickets: the row, its history, its earliest due time, the timer of its next escalation and
// its event, all into one write set (TIC-6, TIC-8). Every way in goes through here.
#ifndef CRM_SERVICES_TICKET_TICKET_CHANGES_H_
#define CRM_SERVICES_TICKET_TICKET_CHANGES_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/db/write_set.h"
#include "common/resource/history.h"
#include "services/ticket/clock_rows.h"
#include "services/ticket/ticket_facts.h"
#include "services/ticket/ticket_history.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

// A ticket as it was read, with all that its next state is computed from.
struct TicketState {
  StoredTicket ticket;
  TicketHistory history;

  // The instant at which to look at its clocks: now, but never before its last entry, which another
  // replica's clock may have dated a little ahead.
  absl::Time Instant(absl::Time now) const;
};

// The rows that are derived from a ticket, as stored.
struct DerivedRows {
  std::vector<ClockRow> clocks;
  std::vector<FactRow> facts;
};

// The version that the ticket is under; the newest one if that is gone.
const v1::SlaConfiguration& ConfigurationOf(const TicketState& state);

// Thread-safe.
class TicketChanges {
 public:
  // `store` outlives it.
  explicit TicketChanges(const TicketStore& store) : store_(store) {}

  // A new ticket with a number, status and SLA policy, and the entries that its history begins
  // with. A taken channel and external reference fails the commit with DUPLICATE_KEY.
  StoredTicket Create(db::WriteSet& writes, v1::Ticket ticket, TicketHistory history,
                      const resource::ChangeSource& source) const;

  // A ticket of an older system: create time and history have their own times. A taken channel and
  // external reference fails the commit as above.
  StoredTicket Import(db::WriteSet& writes, v1::Ticket ticket, TicketHistory history,
                      const resource::ChangeSource& source) const;

  // `after` with `fresh` entries, in their order. Somebody else's change meanwhile fails the commit
  // with WRITE_CONFLICT.
  StoredTicket Change(db::WriteSet& writes, const TicketState& before, v1::Ticket after,
                      TicketEvents fresh, resource::ChangeSource source) const;

  // Writes what of the rows of its clocks and facts is not as it would be written now.
  void Rederive(db::WriteSet& writes, const TicketState& state, const DerivedRows& stored,
                absl::Time now) const;

 private:
  // Gives the entries their place and time.
  static void Place(TicketEvents& events, int64_t first, const resource::ChangeSource& source);
  // What the engine says of a ticket.
  struct Measures {
    std::vector<ClockRow> clocks;
    // Of its next escalation.
    std::optional<absl::Time> timer;
  };
  // Sets the due time of the ticket, too.
  static Measures Measure(const TicketHistory& history, absl::Time now, v1::Ticket& ticket);
  // The rows that come with a new ticket.
  void WriteHistory(db::WriteSet& writes, const StoredTicket& ticket, const TicketEvents& events,
                    const Measures& measures, absl::Time now) const;
  static void SetTimer(db::WriteSet& writes, int64_t ticket_id, std::optional<absl::Time> due);
  static void ClearTimer(db::WriteSet& writes, int64_t ticket_id);

  const TicketStore& store_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_CHANGES_H_
