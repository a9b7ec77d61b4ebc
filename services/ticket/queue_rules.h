// Which tickets make up a work list (TIC-13): as a condition of a statement, and for a ticket in
// memory. Pure.
#ifndef CRM_SERVICES_TICKET_QUEUE_RULES_H_
#define CRM_SERVICES_TICKET_QUEUE_RULES_H_

#include <string>

#include "common/auth/row_scope.h"
#include "common/filter/fragment.h"
#include "crm/ticket/v1/queue_service.pb.h"
#include "crm/ticket/v1/ticket.pb.h"
#include "crm/types/v1/history.pb.h"

namespace crm::ticket {

struct QueueSelection {
  v1::QueueView view = v1::QUEUE_VIEW_UNSPECIFIED;
  std::string team = {};      // empty = any
  std::string assignee = {};  // the same
  std::string user = {};      // who looks
  auth::RowScope scope = {};

  // An open ticket in the scope that the view asks for.
  bool Has(const v1::Ticket& ticket) const;
  // The same for a statement over `ticket`, but for the scope.
  filter::Fragment Condition() const;
};

// The ticket before a change, as far as selections look at it.
v1::Ticket BeforeChange(v1::Ticket after, const crm::types::v1::ChangeList& changes);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_QUEUE_RULES_H_
