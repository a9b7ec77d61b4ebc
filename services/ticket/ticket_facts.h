// What puts a ticket into the period of a report, kept in table `ticket_fact` (TIC-11, TIC-12).
// Told from the ticket and its history alone.
#ifndef CRM_SERVICES_TICKET_TICKET_FACTS_H_
#define CRM_SERVICES_TICKET_TICKET_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sum_changes.h"
#include "services/ticket/tally.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

// As stored.
enum class FactKind : uint8_t {
  kCreated = 1,
  kOpen = 2,
  kAnswered = 3,  // for the first time
  kDone = 4,
  kRated = 5,
  kCompared = 6,  // a complaint's follow-up, with an answer to compare it with
};

// Whether a ticket was done after a single answer, with one assignee, never reopened. As stored.
enum class FirstContact : uint8_t {
  kNo = 0,
  kYes = 1,
  kUnknown = 2,  // nobody knows how often it was answered
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
  // The same.
  FirstContact first_contact = FirstContact::kNo;
  // Of a compared one: the change, −4 to 4.
  int64_t satisfaction = 0;

  bool operator==(const Fact&) const = default;
};

// By kind, then time; no two of a kind at the same time. None for a ticket that is merged into
// another; no answer of one that was imported without messages: nobody knows when the first one
// was.
std::vector<Fact> FactsOf(const v1::Ticket& ticket, const TicketEvents& events);

// A fact with what the ticket says, as stored.
struct FactRow {
  Fact fact;
  TicketClass of;
  Holder holder;
  v1::RootCause root_cause = v1::ROOT_CAUSE_UNSPECIFIED;
  std::string category;
  absl::Time created;

  bool operator==(const FactRow&) const = default;
};
std::vector<FactRow> FactRowsOf(const v1::Ticket& ticket, const TicketEvents& events);

// The rows that a ticket has: facts lie at the times of its events and of its feedback.
absl::StatusOr<std::vector<FactRow>> ReadFactRows(db::Connection& db, int64_t ticket_id,
                                                  const v1::Ticket& ticket,
                                                  const TicketEvents& events);

// Brings the rows of a ticket from one state to another.
void WriteFacts(db::WriteSet& writes, int64_t ticket_id, const std::vector<FactRow>& before,
                const std::vector<FactRow>& after, SumChanges& changes);

// As reports count it; not of an open one, which counts by itself.
Happening HappeningOf(const Fact& fact, const TicketClass& of, Holder holder, absl::Time created);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_TICKET_FACTS_H_
