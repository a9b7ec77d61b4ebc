#include "services/ticket/ticket_metrics.h"

#include <limits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/metrics/definition.h"
#include "crm/customer/v1/customer.pb.h"
#include "crm/ticket/v1/sla.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sla/compliance.h"
#include "services/ticket/ticket_facts.h"

namespace crm::ticket {
namespace {

using metrics::Definition;
using metrics::Type;

constexpr std::array kMetrics = {
    Definition{"crm_ticket_sla_breached", Type::kGauge, "clock,priority,tier",
               "SLA clocks that missed their due time in the last 30 days, "
               "ended since or not; "
               "counted every 15 seconds, the same on every replica."},
    Definition{"crm_ticket_sla_met", Type::kGauge, "clock,priority,tier",
               "SLA clocks that ended in time in the last 30 days, counted likewise."},
    Definition{"crm_ticket_sla_next_breach_seconds", Type::kGauge, "clock",
               "Time until the next SLA clock is due; +Inf while none runs."},
    Definition{"crm_ticket_sla_running", Type::kGauge, "clock,priority,tier",
               "SLA clocks that run and are not due yet, counted likewise."},
    Definition{"crm_ticket_timers_overdue_seconds", Type::kGauge, "",
               "How long the oldest due escalation has been waiting to be done; 0 while none is."},
    Definition{"crm_tickets_open", Type::kGauge, "status",
               "Tickets that are not done, by status, counted every 15 seconds; the same on every "
               "replica."},
    Definition{"crm_ticket_satisfaction_mean", Type::kGauge, "",
               "Mean satisfaction (1 to 5) of the answers of the last 30 days; NaN without any."},
    Definition{"crm_ticket_satisfaction_answers", Type::kGauge, "",
               "Answers of customers about their satisfaction in the last 30 days."},
};

constexpr int kFirstOpen = v1::TICKET_STATUS_UNASSIGNED;
constexpr int kLastOpen = v1::TICKET_STATUS_TO_BE_CONFIRMED;
constexpr absl::Duration kWindow = absl::Hours(30 * 24);
constexpr absl::Duration kCountTimeout = absl::Minutes(1);

constexpr db::Query kCountPending{"count_pending_clocks", R"sql(
  SELECT clock, priority, tier, CAST(SUM(due_time >= ?) AS SIGNED),
         CAST(SUM(due_time < ?) AS SIGNED)
  FROM ticket_clock
  WHERE outcome = ? AND due_time IS NOT NULL
  GROUP BY clock, priority, tier)sql"};
constexpr db::Query kCountDecided{"count_decided_clocks", R"sql(
  SELECT clock, priority, tier, outcome, COUNT(*)
  FROM ticket_clock
  WHERE decided_time > ?
  GROUP BY clock, priority, tier, outcome)sql"};
constexpr db::Query kNextDue{"next_due_clocks", R"sql(
  SELECT clock, MIN(due_time)
  FROM ticket_clock
  WHERE outcome = ? AND due_time >= ?
  GROUP BY clock)sql"};

constexpr db::Query kOldestTimer{"oldest_due_timer", R"sql(
  SELECT MIN(due_time) FROM ticket_timer WHERE due_time <= ?)sql"};
constexpr db::Query kCountOpen{"count_open_tickets", R"sql(
  SELECT status, COUNT(*) FROM ticket WHERE status BETWEEN ? AND ? GROUP BY status)sql"};

constexpr db::Query kSatisfaction{"recent_satisfaction", R"sql(
  SELECT CAST(AVG(satisfaction) AS DOUBLE), COUNT(*)
  FROM ticket_fact
  WHERE kind = ? AND time > ?)sql"};

// `first_response`, `urgent`, `key`; `unknown` for what is not said.
std::string LabelOf(const std::string& name, const char* prefix) {
  const std::string value = absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
  return value == "unspecified" ? "unknown" : value;
}

std::string ClockLabel(int clock) {
  return LabelOf(v1::SlaClock_Name(static_cast<v1::SlaClock>(clock)), "SLA_CLOCK_");
}

template <typename Gauges>
void MakeSeries(prometheus::Family<prometheus::Gauge>& family, Gauges& gauges) {
  for (int clock = v1::SLA_CLOCK_FIRST_RESPONSE; clock <= v1::SlaClock_MAX; ++clock) {
    for (int priority = v1::TICKET_PRIORITY_LOW; priority <= v1::TicketPriority_MAX; ++priority) {
      for (int tier = 0; tier <= crm::customer::v1::Tier_MAX; ++tier) {
        gauges[{clock, priority, tier}] = &family.Add(
            {{"clock", ClockLabel(clock)},
             {"priority",
              LabelOf(v1::TicketPriority_Name(static_cast<v1::TicketPriority>(priority)),
                      "TICKET_PRIORITY_")},
             {"tier",
              LabelOf(crm::customer::v1::Tier_Name(static_cast<crm::customer::v1::Tier>(tier)),
                      "TIER_")}});
      }
    }
  }
}

}  // namespace

TicketMetrics::TicketMetrics(prometheus::Registry& registry, db::Pool& pool, const Clock& clock)
    : pool_(pool),
      clock_(clock),
      overdue_(metrics::GaugeFamily(registry, kMetrics[4]).Add({})),
      satisfaction_(metrics::GaugeFamily(registry, kMetrics[6]).Add({})),
      ratings_(metrics::GaugeFamily(registry, kMetrics[7]).Add({})) {
  MakeSeries(metrics::GaugeFamily(registry, kMetrics[0]), breached_);
  MakeSeries(metrics::GaugeFamily(registry, kMetrics[1]), met_);
  auto& next = metrics::GaugeFamily(registry, kMetrics[2]);
  for (int name = v1::SLA_CLOCK_FIRST_RESPONSE; name <= v1::SlaClock_MAX; ++name) {
    next_breach_[name] = &next.Add({{"clock", ClockLabel(name)}});
    next_breach_[name]->Set(std::numeric_limits<double>::infinity());
  }
  MakeSeries(metrics::GaugeFamily(registry, kMetrics[3]), running_);
  auto& open = metrics::GaugeFamily(registry, kMetrics[5]);
  for (int status = kFirstOpen; status <= kLastOpen; ++status) {
    open_[status] =
        &open.Add({{"status", LabelOf(v1::TicketStatus_Name(static_cast<v1::TicketStatus>(status)),
                                      "TICKET_STATUS_")}});
  }
}

void TicketMetrics::Set(const Gauges& gauges, const Counts& counts) {
  for (const auto& [key, gauge] : gauges) {
    const auto found = counts.find(key);
    gauge->Set(found == counts.end() ? 0 : static_cast<double>(found->second));
  }
}

absl::Status TicketMetrics::Count() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool_.Acquire(absl::Now() + kCountTimeout));
  const absl::Time now = clock_.Now();
  CRM_RETURN_IF_ERROR(CountClocks(*db, now));
  CRM_RETURN_IF_ERROR(ReadNextBreach(*db, now));
  CRM_RETURN_IF_ERROR(ReadOverdue(*db, now));
  CRM_RETURN_IF_ERROR(CountOpen(*db));
  return ReadSatisfaction(*db, now);
}

absl::Status TicketMetrics::CountClocks(db::Connection& db, absl::Time now) {
  Counts running;
  Counts met;
  Counts breached;
  const auto key_of = [](const db::Rows& row) {
    return Key{static_cast<int>(row.Int(0)), static_cast<int>(row.Int(1)),
               static_cast<int>(row.Int(2))};
  };
  CRM_ASSIGN_OR_RETURN(db::Rows pending,
                       db.Select(kCountPending, {now, now, sla::Outcome::kPending}));
  while (pending.Next()) {
    running[key_of(pending)] += pending.Int(3);
    breached[key_of(pending)] += pending.Int(4);
  }
  CRM_ASSIGN_OR_RETURN(db::Rows decided, db.Select(kCountDecided, {now - kWindow}));
  while (decided.Next()) {
    const bool late = decided.Int(3) == static_cast<int64_t>(sla::Outcome::kLate);
    (late ? breached : met)[key_of(decided)] += decided.Int(4);
  }
  Set(running_, running);
  Set(met_, met);
  Set(breached_, breached);
  return absl::OkStatus();
}

absl::Status TicketMetrics::ReadNextBreach(db::Connection& db, absl::Time now) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kNextDue, {sla::Outcome::kPending, now}));
  std::map<int, double> seconds;
  while (rows.Next()) {
    seconds[static_cast<int>(rows.Int(0))] = absl::ToDoubleSeconds(rows.Time(1) - now);
  }
  for (const auto& [clock, gauge] : next_breach_) {
    const auto found = seconds.find(clock);
    gauge->Set(found == seconds.end() ? std::numeric_limits<double>::infinity() : found->second);
  }
  return absl::OkStatus();
}

absl::Status TicketMetrics::ReadOverdue(db::Connection& db, absl::Time now) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kOldestTimer, {now}));
  const bool waits = rows.Next() && !rows.IsNull(0);
  overdue_.Set(waits ? absl::ToDoubleSeconds(now - rows.Time(0)) : 0);
  return absl::OkStatus();
}

absl::Status TicketMetrics::CountOpen(db::Connection& db) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kCountOpen, {kFirstOpen, kLastOpen}));
  std::map<int, int64_t> counts;
  while (rows.Next()) counts[static_cast<int>(rows.Int(0))] = rows.Int(1);
  for (const auto& [status, gauge] : open_) gauge->Set(static_cast<double>(counts[status]));
  return absl::OkStatus();
}

absl::Status TicketMetrics::ReadSatisfaction(db::Connection& db, absl::Time now) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kSatisfaction, {FactKind::kRated, now - kWindow}));
  const bool any = rows.Next() && !rows.IsNull(0);
  satisfaction_.Set(any ? rows.Double(0) : std::numeric_limits<double>::quiet_NaN());
  ratings_.Set(any ? static_cast<double>(rows.Int(1)) : 0);
  return absl::OkStatus();
}

job::JobBody TicketMetrics::Job() {
  return [this](const std::stop_token&) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(Count());
    return absl::InfiniteFuture();
  };
}

job::JobOptions TicketMetrics::JobOptions() {
  return {.name = "count-sla-clocks", .interval = absl::Seconds(15)};
}

}  // namespace crm::ticket
