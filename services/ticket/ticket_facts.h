// What puts a ticket into the period of a report, kept in table `ticket_fact` (TIC-11, TIC-12).
// Told from the ticket and its history alone.
#ifndef CRM_SERVICES_TICKET_TICKET_FACTS_H_
#define CRM_SERVICES_TICKET_TICKET_FACTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/db/write_set.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

// As stored.
enum class FactKind : uint8_t {
  kCreated = 1,
  kOpen = 2,
  kAnswered = 3,  // for the first time
  kDone = 4,
  kRated = 5,
};

struct Fact {
  FactKind kind = FactKind::kCreated;
  // Of an open one: since when.
  absl::Time time;
  // Of a done one: since when it had been open.
  std::optional<absl::Time> since = {};
  // From the creation to the answer; to done, less the time between done and reopened.
  std::optional<absl::Duration> duration = {};
  // Of a done one: not reopened since.
  bool stands = false;
  // The same: after a single answer, with one assignee, never reopened.
  bool first_contact = false;
  int64_t satisfaction = 0;

  bool operator==(const Fact&) const = default;
};

// By kind, then time; no two of a kind at the same time. None for a ticket that is merged into
// another.
std::vector<Fact> FactsOf(const v1::Ticket& ticket, const TicketEvents& events);

// A ticket and all that has happened to it.
struct ToldTicket {
  const v1::Ticket& ticket;
  const TicketEvents& events;
};

// Brings the rows of a ticket from one state, null: none, to another.
void WriteFacts(db::WriteSet& writes, int64_t ticket_id, const ToldTicket* before,
                const ToldTicket& after);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_FACTS_H_
