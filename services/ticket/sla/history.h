// The history of a ticket, as far as its clocks look at it (TIC-6).
#ifndef CRM_SERVICES_TICKET_SLA_HISTORY_H_
#define CRM_SERVICES_TICKET_SLA_HISTORY_H_

#include <cstdint>

#include "absl/time/time.h"
#include "services/ticket/sla/policy.h"

namespace crm::ticket::sla {

enum class EventKind : uint8_t {
  kOpened,           // in `status`, under `policy`
  kAssigned,         // changes no clock: assigning is no answer
  kStatusChanged,    // to `status`; from done or closed to another one = reopened
  kAgentReplied,     // an answer that the customer gets, not an internal note
  kCustomerReplied,  // the customer writes again
  kArrivedOnSite,
  kPolicyApplied,  // the ticket is under `policy` from now on: re-evaluated, new priority
  kMerged,         // into another ticket
  kUnmerged,
  kSplit,  // part of it went to a new ticket, which has a history of its own
};

// Events count in the order of time, then sequence; in which order they are handed over does not
// matter, so one that is recorded late takes its place. What is dated before the opening counts as
// at the opening.
struct Event {
  absl::Time time;
  // Of the record; unique in a ticket.
  int64_t sequence = 0;
  EventKind kind = EventKind::kOpened;
  Status status = Status::kUnassigned;
  // Lives as long as the history is used. Null = none, with no clocks.
  const Policy* policy = nullptr;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_HISTORY_H_
