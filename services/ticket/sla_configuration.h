// The configuration of service levels (TIC-4, TIC-5, TIC-8): what comes with the program, what is
// checked, which policy a ticket comes under, and its form for the SLA engine. Pure.
#ifndef CRM_SERVICES_TICKET_SLA_CONFIGURATION_H_
#define CRM_SERVICES_TICKET_SLA_CONFIGURATION_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/calendar/business_calendar.h"
#include "common/schema/validate.h"
#include "crm/ticket/v1/sla.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sla/policy.h"

namespace crm::ticket {

// First response 4, 8, 24, 48 h and resolution 8, 24, 72, 120 h for urgent, high, medium, low; an
// answer to a customer's reply is due like the first one; 24×7, standing still while waiting for
// the customer, but for the first response.
v1::SlaConfiguration DefaultSlaConfiguration();

// All that is wrong beyond the declarations; nothing = it compiles. Rules: POLICY_TWICE,
// POLICY_SHADOWED (after one without conditions), DEFAULT_MISSING, TARGET_TWICE, TARGET_MISSING
// (the default lacks a priority), CLOCK_TWICE (in the pauses), CALENDAR_UNKNOWN, CALENDAR_TWICE,
// and those of calendars.
std::vector<schema::Violation> CheckSlaConfiguration(const v1::SlaConfiguration& configuration);

// The first whose conditions the ticket meets and that has a target for its priority.
const v1::SlaPolicy& ChoosePolicy(const v1::SlaConfiguration& configuration,
                                  const v1::Ticket& ticket);

// One version of the configuration. Immutable, thread-safe.
class CompiledSla {
 public:
  // Of a configuration without faults; INVALID_ARGUMENT otherwise.
  static absl::StatusOr<CompiledSla> Compile(v1::SlaConfiguration configuration);

  const v1::SlaConfiguration& configuration() const { return *configuration_; }
  // Null if there is none; lives as long as this or a copy of it.
  const sla::Policy* Find(std::string_view policy_id, v1::TicketPriority priority) const;
  // Of a calendar's id; empty = 24×7.
  const calendar::BusinessCalendar& Calendar(std::string_view id) const;

 private:
  using CalendarPtr = std::shared_ptr<const calendar::BusinessCalendar>;

  void AddPolicy(const v1::SlaPolicy& policy);

  std::shared_ptr<const v1::SlaConfiguration> configuration_;
  std::map<std::string, CalendarPtr, std::less<>> calendars_;
  std::map<std::pair<std::string, v1::TicketPriority>, std::shared_ptr<const sla::Policy>>
      policies_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SLA_CONFIGURATION_H_
