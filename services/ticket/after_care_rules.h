// What happens to a ticket once it is done: the customer is asked how it was (TIC-10), it is closed
// by itself (TIC-17), a complaint's customer is asked again (TIC-3). Pure.
#ifndef CRM_SERVICES_TICKET_AFTER_CARE_RULES_H_
#define CRM_SERVICES_TICKET_AFTER_CARE_RULES_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "crm/ticket/v1/sla.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/escalation_rules.h"
#include "services/ticket/ticket_history.h"

namespace crm::ticket {

// Asked at closing, unconfirmed after 24 h, 2 or less reopens, closed after 72 h, reopened within 7
// days.
v1::AfterCareRules DefaultAfterCare();
// The configured ones, or these.
const v1::AfterCareRules& AfterCareOf(const v1::SlaConfiguration& configuration);

// What comes with these statuses beyond the status itself; give the entries of the history.
TicketEvents EnterDone(const v1::SlaConfiguration& configuration, absl::Time now,
                       v1::Ticket& ticket);
TicketEvents EnterClosed(const v1::SlaConfiguration& configuration, absl::Time now,
                         v1::Ticket& ticket);
// Counts it, and gives up what was planned for a ticket that is done. An answer stays.
void EnterReopened(v1::Ticket& ticket);

// Whether a closed ticket goes on when it is reopened; otherwise another one takes its place.
bool IsReopenedInPlace(const v1::AfterCareRules& rules, const v1::Ticket& ticket, absl::Time now);

// The customer's answer, and what it was before.
void SetFeedback(const v1::RecordFeedbackRequest& request, absl::Time now, v1::Ticket& ticket);
void SetFollowUp(const v1::RecordFollowUpRequest& request, v1::Ticket& ticket);
bool IsLow(const v1::AfterCareRules& rules, int64_t satisfaction);
// Complaints are never complained about: they are reopened.
v1::LowScoreAction ActionFor(const v1::AfterCareRules& rules, const v1::Ticket& ticket,
                             int64_t satisfaction);

// What comes of it if nothing more happens, each with its time.
std::vector<Escalation> PendingAfterCare(const v1::Ticket& ticket, const TicketHistory& history,
                                         const v1::AfterCareRules& rules);
// Does one of them; gives the entries of the history.
TicketEvents ApplyAfterCare(const Escalation& due, const v1::SlaConfiguration& configuration,
                            absl::Time now, v1::Ticket& ticket);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_AFTER_CARE_RULES_H_
