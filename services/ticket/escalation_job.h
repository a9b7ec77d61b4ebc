// Escalates tickets when it is due (TIC-8), and does what else falls due on them (TIC-3, TIC-10,
// TIC-17). Runs on every replica (common/job/timers.h) and commits the escalation with its row in
// `ticket_escalation`, whose key makes it once.
//
// Used by one thread.
#ifndef CRM_SERVICES_TICKET_ESCALATION_JOB_H_
#define CRM_SERVICES_TICKET_ESCALATION_JOB_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/job/periodic.h"
#include "common/job/timers.h"
#include "services/ticket/desk.h"
#include "services/ticket/escalation_rules.h"

namespace crm::ticket {

class EscalationJob {
 public:
  // Outlives the job.
  explicit EscalationJob(const Desk& desk) : desk_(desk) {}

  static job::JobOptions Options() { return job::TimerJobOptions("escalate-tickets"); }
  job::JobBody Body();

 private:
  // The changes of those that can be read: one that cannot must not hold up the others.
  job::TimerWork Decide(db::Connection& db, const std::vector<job::Timer>& timers,
                        absl::Time now) const;
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
