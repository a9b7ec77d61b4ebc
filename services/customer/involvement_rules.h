// Whether and by whom a ticket or an opportunity makes somebody involved with a customer (PLT-14).
// Pure.
#ifndef CRM_SERVICES_CUSTOMER_INVOLVEMENT_RULES_H_
#define CRM_SERVICES_CUSTOMER_INVOLVEMENT_RULES_H_

#include <cstdint>
#include <string>

#include "crm/sales/v1/opportunity.pb.h"
#include "crm/ticket/v1/ticket.pb.h"

namespace crm::customer {

// What a version of a ticket or opportunity says. Both user and customer, or neither: nobody has
// it, it is of no customer, or it is not open.
struct Involvement {
  std::string number;  // of the ticket or opportunity
  int64_t version = 0;
  std::string user = {};
  std::string customer = {};

  bool has_user() const { return !user.empty(); }
  bool SaysTheSame(const Involvement& other) const {
    return user == other.user && customer == other.customer;
  }
};

// Its assignee, as long as they see the ticket's own phone plain: until it is closed. A merged one
// is closed.
Involvement InvolvementOf(const crm::ticket::v1::Ticket& ticket, int64_t version);

// Its owner, until it is won or lost.
Involvement InvolvementOf(const crm::sales::v1::Opportunity& opportunity, int64_t version);

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_INVOLVEMENT_RULES_H_
