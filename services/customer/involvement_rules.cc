#include "services/customer/involvement_rules.h"

#include "common/schema/mask.h"

namespace crm::customer {
namespace {

Involvement Made(const std::string& number, int64_t version, bool is_open, const std::string& user,
                 const std::string& customer) {
  Involvement involvement{.number = number, .version = version};
  if (is_open && !user.empty() && !customer.empty()) {
    involvement.user = user;
    involvement.customer = customer;
  }
  return involvement;
}

}  // namespace

Involvement InvolvementOf(const crm::ticket::v1::Ticket& ticket, int64_t version) {
  return Made(ticket.number(), version, schema::IsOpenToOwner(ticket), ticket.assignee(),
              ticket.customer());
}

Involvement InvolvementOf(const crm::sales::v1::Opportunity& opportunity, int64_t version) {
  return Made(opportunity.number(), version,
              opportunity.stage_kind() == crm::sales::v1::STAGE_KIND_OPEN, opportunity.owner(),
              opportunity.customer());
}

}  // namespace crm::customer
