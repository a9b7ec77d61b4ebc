// What a version of an SLA policy says to the clocks of a ticket (TIC-4).
#ifndef CRM_SERVICES_TICKET_SLA_POLICY_H_
#define CRM_SERVICES_TICKET_SLA_POLICY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "common/calendar/business_calendar.h"

namespace crm::ticket::sla {

// What is waited for (TIC-6).
enum class Clock : uint8_t {
  kFirstResponse,  // from the opening to the first answer to the customer
  kNextResponse,   // from a customer's reply to the next answer
  kOnSiteArrival,  // from the opening to the arrival
  kResolution,     // from the opening to done
  kNextUpdate,     // from each answer to the next one
};
inline constexpr std::array<Clock, 5> kClocks = {Clock::kFirstResponse, Clock::kNextResponse,
                                                 Clock::kOnSiteArrival, Clock::kResolution,
                                                 Clock::kNextUpdate};

// Of a ticket (TIC-3). Waiting for the customer is a state of in progress there; here it counts as
// a status of its own.
enum class Status : uint8_t {
  kUnassigned,
  kInProgress,
  kWaitingForCustomer,
  kToBeConfirmed,
  kDone,
  kClosed,
};

class StatusSet {
 public:
  constexpr StatusSet(std::initializer_list<Status> statuses) {
    for (const Status status : statuses) Add(status);
  }
  constexpr void Add(Status status) { bits_ |= 1U << static_cast<unsigned>(status); }
  constexpr bool Has(Status status) const {
    return (bits_ >> static_cast<unsigned>(status) & 1U) != 0;
  }
  constexpr bool operator==(const StatusSet&) const = default;

 private:
  unsigned bits_ = 0;
};

struct ClockRule {
  // Working time allowed, more than zero; absent = the policy does not have this clock.
  std::optional<absl::Duration> target;
  // What working time is; not null where there is a target.
  std::shared_ptr<const calendar::BusinessCalendar> calendar;
  // Time in these is not charged. Time in done and closed never is.
  StatusSet paused_in = {Status::kWaitingForCustomer};
};

struct Policy {
  const ClockRule& rule(Clock clock) const { return rules[static_cast<size_t>(clock)]; }
  ClockRule& rule(Clock clock) { return rules[static_cast<size_t>(clock)]; }

  std::array<ClockRule, kClocks.size()> rules;
  // Share of a target, 1 to 100, after which a warning is due (TIC-8); 0 = there is none.
  int warning_percent = 75;
};

}  // namespace crm::ticket::sla

#endif  // CRM_SERVICES_TICKET_SLA_POLICY_H_
