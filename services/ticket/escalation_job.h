// Escalates tickets when it is due (TIC-8), and does what else falls due on them (TIC-3, TIC-10,
// TIC-17). Runs on every replica: each claims some of the tickets
// whose timer is due for a few seconds, the earliest first, and commits the escalation with its row
// in `ticket_escalation`, whose key makes it once. A replica that dies leaves its claim to expire.
//
// Used by one thread.
#ifndef CRM_SERVICES_TICKET_ESCALATION_JOB_H_
#define CRM_SERVICES_TICKET_ESCALATION_JOB_H_

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/job/periodic.h"
#include "services/ticket/desk.h"
#include "services/ticket/escalation_rules.h"

namespace crm::ticket {

class EscalationJob {
 public:
  // Outlives the job.
  explicit EscalationJob(const Desk& desk) : desk_(desk) {}

  // The pause is what may pass until a timer that another replica has set is noticed, and until the
  // job is tried again after an outage or beside a ticket that cannot be read.
  static job::JobOptions Options() {
    return {
        .name = "escalate-tickets", .interval = absl::Seconds(2), .last_retry = absl::Seconds(2)};
  }
  job::JobBody Body();

 private:
  absl::StatusOr<std::vector<int64_t>> Claim(db::Connection& db, absl::Time now) const;
  // How many timers it claimed.
  absl::StatusOr<size_t> RunBatch();
  absl::StatusOr<absl::Time> NextDue() const;
  // The change of a ticket whose timer is due.
  absl::StatusOr<db::WriteSet> Escalate(db::Connection& db, int64_t ticket_id,
                                        absl::Time now) const;
  // Does one of them to the ticket; gives the entries of its history.
  TicketEvents Apply(const Escalation& escalation, const TicketState& before, absl::Time now,
                     v1::Ticket& ticket) const;
  // The supervisor takes over; nobody there, the ticket goes back to those that nobody has.
  TicketEvents Transfer(v1::TicketEvent event, const SlaBook& book, v1::Ticket& ticket) const;
  std::string SupervisorOf(const v1::Ticket& ticket) const;
  std::string ManagerOf(const v1::Ticket& ticket) const;

  const Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_ESCALATION_JOB_H_
