#include "services/ticket/clock_rows.h"

#include <algorithm>

#include "common/base/status_macros.h"
#include "services/ticket/sla_terms.h"

namespace crm::ticket {
namespace {

constexpr db::Query kDelete{"ticket_clock_delete", R"sql(
  DELETE FROM ticket_clock
  WHERE ticket_id = ? AND clock = ? AND cycle = ?)sql"};

constexpr db::Query kStored{"ticket_clock_rows", R"sql(
  SELECT clock, cycle, outcome, due_time, decided_time, priority, tier, type, assignee, team
  FROM ticket_clock
  WHERE ticket_id = ?)sql"};

const db::InsertSpec& ClockSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"ticket_clock",
                          {"ticket_id", "clock", "cycle", "outcome", "due_time", "decided_time",
                           "priority", "tier", "type", "assignee", "team"},
                          "ON DUPLICATE KEY UPDATE outcome = VALUES(outcome), "
                          "due_time = VALUES(due_time), decided_time = VALUES(decided_time), "
                          "priority = VALUES(priority), tier = VALUES(tier), type = VALUES(type), "
                          "assignee = VALUES(assignee), team = VALUES(team)"};
  return spec;
}

bool IsSameTurn(const ClockRow& a, const ClockRow& b) {
  return a.clock == b.clock && a.cycle == b.cycle;
}

bool HasTurn(const std::vector<ClockRow>& rows, const ClockRow& wanted) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const ClockRow& row) { return IsSameTurn(row, wanted); });
}

bool EndsWithMessage(sla::Clock clock) { return clock != sla::Clock::kResolution; }

std::vector<Happening> DecidedOf(const std::vector<ClockRow>& rows) {
  std::vector<Happening> happenings;
  for (const ClockRow& row : rows) {
    if (!row.decided.has_value()) continue;
    const bool late = row.outcome == sla::Outcome::kLate;
    happenings.push_back({.time = *row.decided,
                          .tally = {.figure = late ? Figure::kLate : Figure::kInTime,
                                    .value = row.clock,
                                    .of = {row.type, row.priority, row.tier}},
                          .holder = {row.team, row.assignee}});
  }
  return happenings;
}

}  // namespace

std::vector<ClockRow> ClockRowsOf(const v1::Ticket& ticket, const sla::Evaluation& evaluation,
                                  absl::Time told_from) {
  std::vector<ClockRow> rows;
  // A duplicate's clocks would count one request twice (TIC-16).
  if (evaluation.merged) return rows;
  const auto add = [&](const sla::Reading& reading) {
    const sla::Outcome outcome = sla::OutcomeOf(reading);
    if (outcome == sla::Outcome::kNotMeasured) return;
    if (EndsWithMessage(reading.clock) && reading.started < told_from) return;
    ClockRow& row = rows.emplace_back();
    row.clock = FromSla(reading.clock);
    row.cycle = reading.cycle;
    row.outcome = outcome;
    const bool runs = reading.state == sla::State::kRunning;
    if (outcome == sla::Outcome::kPending && runs) row.due = reading.due;
    row.decided = sla::DecidedAt(reading);
    row.priority = ticket.priority();
    row.tier = ticket.customer_tier();
    row.type = ticket.type();
    row.assignee = ticket.assignee();
    row.team = ticket.team();
  };
  for (const sla::Reading& reading : evaluation.earlier) add(reading);
  for (const sla::Reading& reading : evaluation.clocks) add(reading);
  return rows;
}

absl::StatusOr<std::vector<ClockRow>> ReadClockRows(db::Connection& db, int64_t ticket_id) {
  CRM_ASSIGN_OR_RETURN(db::Rows found, db.Select(kStored, {ticket_id}));
  std::vector<ClockRow> rows;
  while (found.Next()) {
    ClockRow& row = rows.emplace_back();
    row.clock = static_cast<v1::SlaClock>(found.Int(0));
    row.cycle = found.Int(1);
    row.outcome = static_cast<sla::Outcome>(found.Int(2));
    if (!found.IsNull(3)) row.due = found.Time(3);
    if (!found.IsNull(4)) row.decided = found.Time(4);
    row.priority = static_cast<v1::TicketPriority>(found.Int(5));
    row.tier = static_cast<crm::customer::v1::Tier>(found.Int(6));
    row.type = static_cast<v1::TicketType>(found.Int(7));
    row.assignee = found.String(8);
    row.team = found.String(9);
  }
  return rows;
}

void WriteClockRows(db::WriteSet& writes, int64_t ticket_id, const std::vector<ClockRow>& before,
                    const std::vector<ClockRow>& after, SumChanges& changes) {
  for (const ClockRow& row : before) {
    if (!HasTurn(after, row)) writes.Execute(kDelete, {ticket_id, row.clock, row.cycle});
  }
  for (const ClockRow& row : after) {
    if (std::find(before.begin(), before.end(), row) != before.end()) continue;
    writes.Insert(ClockSpec(), {ticket_id, row.clock, row.cycle, row.outcome, row.due, row.decided,
                                row.priority, row.tier, row.type, row.assignee, row.team});
  }
  changes.Replace(DecidedOf(before), DecidedOf(after));
}

}  // namespace crm::ticket
