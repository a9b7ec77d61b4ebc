// The API's words for what the SLA engine computes, and back.
#ifndef CRM_SERVICES_TICKET_SLA_TERMS_H_
#define CRM_SERVICES_TICKET_SLA_TERMS_H_

#include <string>

#include "crm/ticket/v1/sla.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "services/ticket/sla/evaluate.h"
#include "services/ticket/sla/explain.h"
#include "services/ticket/sla/policy.h"

namespace crm::ticket {

// The engine's enums begin at 0 where the API's have "not said"; held by static_asserts.
sla::Status ToSla(v1::TicketStatus status);
v1::TicketStatus FromSla(sla::Status status);
sla::Clock ToSla(v1::SlaClock clock);
v1::SlaClock FromSla(sla::Clock clock);

// `first_response`
std::string NameOf(sla::Clock clock);

v1::SlaReading FromSla(const sla::Reading& reading);
v1::SlaSegment FromSla(const sla::Segment& segment);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SLA_TERMS_H_
