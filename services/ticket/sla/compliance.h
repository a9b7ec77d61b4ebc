// Share of clocks that kept their target (TIC-11). Counted are the clocks that are decided: ended
// in time, or late, whether they ended late or are open still. A ticket that was done without any
// answer has missed its first response: that was promised, and done is no answer (TIC-6). It is
// undecided again if the ticket is reopened, and in time if the answer still comes. A clock that
// may yet be in time, one that never started and one that the policy does not have are in neither
// number; each turn of a clock counts by itself.
//
//   Compliance first_response;
//   first_response.Add(evaluation[Clock::kFirstResponse]);
#ifndef CRM_SERVICES_TICKET_SLA_COMPLIANCE_H_
#define CRM_SERVICES_TICKET_SLA_COMPLIANCE_H_

#include <cstdint>
#include <optional>

#include "services/ticket/sla/evaluate.h"

namespace crm::ticket::sla {

enum class Outcome : uint8_t {
  kNotMeasured,  // no target, or never started
  kPending,
  kInTime,
  kLate,
};

Outcome OutcomeOf(const Reading& reading);

// When the outcome was decided, which is what puts it into the period of a report: the end of a
// clock in time, the due time of one that is late, done for a first response that was not given.
// Nothing while it is pending or not measured.
std::optional<absl::Time> DecidedAt(const Reading& reading);

class Compliance {
 public:
  void Add(const Reading& reading);

  int64_t in_time() const { return in_time_; }
  int64_t late() const { return late_; }
  // 0 to 1; nothing if nothing is decided.
  std::optional<double> share() const;

 private:
  int64_t in_time_ = 0;
  int64_t late_ = 0;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_COMPLIANCE_H_
