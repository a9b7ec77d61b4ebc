#include "services/ticket/handover.h"

#include <vector>

namespace crm::ticket {
namespace {

constexpr char kSupervisorRole[] = "service_supervisor";

bool IsActive(const replica::Staff& staff, const std::string& user_id) {
  const crm::customer::v1::StaffUser* user = staff.User(user_id);
  return user != nullptr && user->status() == crm::customer::v1::STAFF_STATUS_ACTIVE;
}

}  // namespace

TicketEvents FollowPolicy(const SlaBook& book, const std::string& reason, v1::Ticket& ticket) {
  const SlaVersion* version = book.Find(ticket.sla_version());
  if (version == nullptr) return {};
  const std::string& policy = ChoosePolicy(version->sla.configuration(), ticket).policy_id();
  if (policy == ticket.sla_policy()) return {};
  ticket.set_sla_policy(policy);
  return {PolicyEvent(ticket, reason)};
}

TicketEvents HandOver(const replica::Staff& staff, const SlaBook& book, const std::string& assignee,
                      const std::string& reason, v1::Ticket& ticket) {
  ticket.set_assignee(assignee);
  const crm::customer::v1::StaffUser* user = staff.User(assignee);
  if (user != nullptr && !user->team().empty()) ticket.set_team(user->team());
  TicketEvents events = {AssignedEvent(assignee, reason)};
  for (v1::TicketEvent& event : FollowPolicy(book, reason, ticket)) {
    events.push_back(std::move(event));
  }
  return events;
}

std::string SupervisorFor(const replica::Staff& staff, const v1::Ticket& ticket) {
  std::vector<std::string> candidates;
  if (!ticket.assignee().empty()) candidates.push_back(staff.SupervisorOf(ticket.assignee()));
  candidates.push_back(staff.HeadOf(ticket.team()));
  for (const auto* user : staff.WithRole(kSupervisorRole)) candidates.push_back(user->user_id());
  for (const std::string& candidate : candidates) {
    if (candidate != ticket.assignee() && IsActive(staff, candidate)) return candidate;
  }
  return "";
}

}  // namespace crm::ticket
