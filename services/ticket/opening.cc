#include "services/ticket/opening.h"

#include <optional>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "services/ticket/customer_link.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

void Append(TicketEvents& events, TicketEvents more) {
  for (v1::TicketEvent& event : more) events.push_back(std::move(event));
}

}  // namespace

v1::Ticket Related(const v1::Ticket& ticket, v1::TicketLinkKind kind) {
  v1::Ticket related;
  related.set_customer(ticket.customer());
  related.set_customer_state(ticket.customer_state());
  related.set_customer_tier(ticket.customer_tier());
  related.set_customer_industry(ticket.customer_industry());
  related.set_contact(ticket.contact());
  related.set_requester_name(ticket.requester_name());
  related.set_requester_phone(ticket.requester_phone());
  related.set_requester_email(ticket.requester_email());
  related.set_channel(ticket.channel());
  related.set_type(ticket.type());
  related.set_priority(ticket.priority());
  related.set_subject(ticket.subject());
  related.set_category(ticket.category());
  related.set_team(ticket.team());
  related.set_linked_ticket(ticket.number());
  related.set_link_kind(kind);
  return related;
}

absl::StatusOr<StoredTicket> Opening::Open(server::CallContext& call, db::Connection& db,
                                           v1::Ticket ticket, TicketEvents carried_over) const {
  CRM_ASSIGN_OR_RETURN(SlaBookPtr book, desk_.sla.Current(db));
  const SlaVersion& version = book->newest();
  // Policies go by the team, too.
  const std::optional<Choice> agent = FindAgent(version.sla, ticket, call.now());
  if (agent.has_value() && !agent->team.empty()) ticket.set_team(agent->team);
  ticket.set_status(v1::TICKET_STATUS_UNASSIGNED);
  ticket.set_sla_version(version.version);
  ticket.set_sla_policy(ChoosePolicy(version.sla.configuration(), ticket).policy_id());
  if (call.validate_only()) return StoredTicket{{}, std::move(ticket)};
  CRM_ASSIGN_OR_RETURN(*ticket.mutable_number(), desk_.numbers.Next(call.now()));
  TicketHistory history{{OpenedEvent(ticket)}, book};
  Append(history.events, std::move(carried_over));
  if (agent.has_value()) Append(history.events, Assign(call, *agent, ticket));
  StoredTicket created = desk_.changes.Create(call.writes(), std::move(ticket), std::move(history),
                                              record::SourceOf(call));
  LinkLater(call.writes(), created, call.now());
  return created;
}

absl::StatusOr<Continuation> Opening::Continue(server::CallContext& call, const TicketState& before,
                                               const std::string& description,
                                               const std::string& reason) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(std::optional<StoredTicket> earlier,
                       FindContinuation(*db, before.history.events));
  if (earlier.has_value()) return Continuation{*std::move(earlier), {}};
  v1::Ticket next = Related(before.ticket.message, v1::TICKET_LINK_KIND_CONTINUES);
  next.set_description(description);
  CRM_ASSIGN_OR_RETURN(StoredTicket opened, Open(call, *db, std::move(next)));
  v1::TicketEvent event =
      OtherTicketEvent(v1::TICKET_EVENT_KIND_CONTINUED, opened.message.number(), reason);
  return Continuation{std::move(opened), {std::move(event)}};
}

absl::StatusOr<TicketState> Opening::Read(server::CallContext& call, const Continuation& earlier,
                                          const v1::Ticket& ticket) const {
  absl::StatusOr<TicketState> there = desk_.Read(call, earlier.ticket.message.number());
  if (!absl::IsNotFound(there.status())) return there;
  return Error(absl::StatusCode::kFailedPrecondition, "TICKET_CONTINUED",
               "the ticket goes on in one that is out of your reach")
      .Resource(kTicketType, ticket.number());
}

absl::StatusOr<std::optional<StoredTicket>> Opening::FindContinuation(
    db::Connection& db, const TicketEvents& events) const {
  const auth::RowScope all{auth::RowScope::Kind::kAll, "", {}};
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->kind() != v1::TICKET_EVENT_KIND_CONTINUED) continue;
    CRM_ASSIGN_OR_RETURN(StoredTicket next, desk_.store.Get(db, event->other_ticket(), all));
    // A complaint about it.
    if (next.message.link_kind() != v1::TICKET_LINK_KIND_CONTINUES) continue;
    CRM_ASSIGN_OR_RETURN(next, desk_.SurvivorOf(db, std::move(next)));
    if (next.message.status() == v1::TICKET_STATUS_CLOSED) break;
    return next;
  }
  return std::nullopt;
}

std::optional<Choice> Opening::FindAgent(const CompiledSla& sla, const v1::Ticket& ticket,
                                         absl::Time now) const {
  const v1::AssignmentRules& rules = sla.configuration().assignment();
  if (!rules.enabled() || !sla.Calendar(rules.calendar()).IsWorking(now)) return std::nullopt;
  const auto staff = desk_.archive.staff().Get();
  return ChooseAgent(rules, ticket, desk_.agents.Candidates(*staff));
}

TicketEvents Opening::Assign(server::CallContext& call, const Choice& choice,
                             v1::Ticket& ticket) const {
  ticket.set_status(v1::TICKET_STATUS_IN_PROGRESS);
  ticket.set_assignee(choice.user_id);
  Desk* const desk = &desk_;
  call.AfterCommit([desk, user = choice.user_id] { desk->agents.NoteAssigned(user); });
  return {StatusEvent(ticket.status(), choice.reason),
          AssignedEvent(choice.user_id, choice.reason)};
}

}  // namespace crm::ticket
