// What the SLA engine says of a ticket's clocks at a write, kept in table
// `ticket_clock` for counting (PLT-26, TIC-11).
#ifndef CRM_SERVICES_TICKET_CLOCK_ROWS_H_
#define CRM_SERVICES_TICKET_CLOCK_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "crm/ticket/v1/sla.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sla/compliance.h"
#include "services/ticket/sla/evaluate.h"
#include "services/ticket/sum_changes.h"

namespace crm::ticket {

// One turn of a clock that is measured.
struct ClockRow {
  v1::SlaClock clock = v1::SLA_CLOCK_UNSPECIFIED;
  int64_t cycle = 1;
  sla::Outcome outcome = sla::Outcome::kPending;
  // Of a pending one that runs.
  std::optional<absl::Time> due;
  std::optional<absl::Time> decided;
  v1::TicketPriority priority = v1::TICKET_PRIORITY_UNSPECIFIED;
  crm::customer::v1::Tier tier = crm::customer::v1::TIER_UNSPECIFIED;
  v1::TicketType type = v1::TICKET_TYPE_UNSPECIFIED;
  std::string assignee = {};
  std::string team = {};

  bool operator==(const ClockRow&) const = default;
};

// None for a ticket that is merged into another: one request is counted once. Nor for turns that
// began before `told_from` and end with a message: nobody knows whether there was one.
std::vector<ClockRow> ClockRowsOf(const v1::Ticket& ticket, const sla::Evaluation& evaluation,
                                  absl::Time told_from);

// The rows that a ticket has.
absl::StatusOr<std::vector<ClockRow>> ReadClockRows(db::Connection& db, int64_t ticket_id);

// Brings the rows of a ticket from one state to another.
void WriteClockRows(db::WriteSet& writes, int64_t ticket_id, const std::vector<ClockRow>& before,
                    const std::vector<ClockRow>& after, SumChanges& changes);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_CLOCK_ROWS_H_
