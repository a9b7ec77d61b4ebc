#include "services/ticket/message_handlers.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/record/table.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/opening.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr char kCustomerWrote[] = "the customer has written again / 客户已回复";

// `ticket`: the one that has it, of whichever it was meant for.
v1::TicketEvent MessageEvent(v1::TicketEventKind kind,
                             const v1::RecordTicketMessageRequest& request,
                             const v1::Ticket& ticket) {
  v1::TicketEvent event = EventOf(kind, request.text());
  if (ticket.number() != request.ticket()) event.set_other_ticket(request.ticket());
  return event;
}

}  // namespace

void MessageHandlers::Register(server::MethodTable& table) {
  const auto add = [&](std::string_view method, v1::TicketEventKind kind) {
    table.Unary<Request, v1::Ticket>(method,
                                     [this, kind](CallContext& call, const Request& request) {
                                       return Record(call, request, kind);
                                     });
  };
  add("ReplyToCustomer", v1::TICKET_EVENT_KIND_AGENT_REPLIED);
  add("AddTicketNote", v1::TICKET_EVENT_KIND_NOTED);
  add("RecordArrival", v1::TICKET_EVENT_KIND_ARRIVED_ON_SITE);
  table.Unary<Request, v1::Ticket>("RecordCustomerReply", [this](auto& call, const auto& request) {
    return RecordReply(call, request);
  });
  table.Unary<v1::ChangeTicketPriorityRequest, v1::Ticket>(
      "ChangeTicketPriority",
      [this](auto& call, const auto& request) { return ChangePriority(call, request); });
  table.Unary<v1::ReevaluateTicketSlaRequest, v1::Ticket>(
      "ReevaluateTicketSla",
      [this](auto& call, const auto& request) { return Reevaluate(call, request); });
}

absl::StatusOr<v1::Ticket> MessageHandlers::Record(CallContext& call, const Request& request,
                                                   v1::TicketEventKind kind) {
  CRM_ASSIGN_OR_RETURN(const TicketState before, desk_.ReadSurvivor(call, request.ticket()));
  const v1::Ticket& ticket = before.ticket.message;
  return desk_.changes
      .Change(call.writes(), before, ticket, {MessageEvent(kind, request, ticket)},
              record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::Ticket> MessageHandlers::RecordReply(CallContext& call, const Request& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before, desk_.ReadSurvivor(call, request.ticket()));
  const v1::AfterCareRules& rules = AfterCareOf(ConfigurationOf(before));
  if (!IsReopenedInPlace(rules, before.ticket.message, call.now())) {
    return Continue(call, before, request);
  }
  return WriteReply(call, before, request);
}

v1::Ticket MessageHandlers::WriteReply(CallContext& call, const TicketState& before,
                                       const Request& request) const {
  v1::Ticket after = before.ticket.message;
  TicketEvents events = {MessageEvent(v1::TICKET_EVENT_KIND_CUSTOMER_REPLIED, request, after)};
  const v1::TicketStatus status = StatusAfterCustomerReply(after.status());
  if (status != after.status()) {
    if (!IsOpen(after.status())) EnterReopened(after);
    after.set_status(status);
    after.set_last_measure(kCustomerWrote);
    events.push_back(StatusEvent(status, kCustomerWrote));
  }
  return desk_.changes
      .Change(call.writes(), before, std::move(after), std::move(events), record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::Ticket> MessageHandlers::Continue(CallContext& call, const TicketState& before,
                                                     const Request& request) const {
  const Opening opening(desk_);
  CRM_ASSIGN_OR_RETURN(Continuation next,
                       opening.Continue(call, before, request.text(), kCustomerWrote));
  if (next.events.empty()) {
    CRM_ASSIGN_OR_RETURN(const TicketState there, opening.Read(call, next, before.ticket.message));
    return WriteReply(call, there, request);
  }
  desk_.changes.Change(call.writes(), before, before.ticket.message, std::move(next.events),
                       record::SourceOf(call));
  return std::move(next.ticket.message);
}

absl::StatusOr<v1::Ticket> MessageHandlers::ChangePriority(
    CallContext& call, const v1::ChangeTicketPriorityRequest& request) {
  CRM_ASSIGN_OR_RETURN(TicketState before, desk_.Read(call, request.ticket(), request.etag()));
  v1::Ticket after = before.ticket.message;
  if (after.priority() == request.priority()) return after;
  after.set_priority(request.priority());
  return ApplyPolicy(call, std::move(before), std::move(after), request.reason());
}

absl::StatusOr<v1::Ticket> MessageHandlers::Reevaluate(
    CallContext& call, const v1::ReevaluateTicketSlaRequest& request) {
  CRM_ASSIGN_OR_RETURN(TicketState before, desk_.Read(call, request.ticket()));
  v1::Ticket after = before.ticket.message;
  return ApplyPolicy(call, std::move(before), std::move(after), request.reason());
}

absl::StatusOr<v1::Ticket> MessageHandlers::ApplyPolicy(CallContext& call, TicketState before,
                                                        v1::Ticket after,
                                                        const std::string& reason) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto fresh, desk_.sla.book.Fresh(*db));
  before.history.book = fresh.value;
  const SlaVersion& version = fresh.value->newest();
  after.set_sla_version(version.version);
  after.set_sla_policy(ChoosePolicy(version.sla.configuration(), after).policy_id());
  v1::TicketEvent applied = PolicyEvent(after, reason);
  return desk_.changes
      .Change(call.writes(), before, std::move(after), {std::move(applied)}, record::SourceOf(call))
      .message;
}

}  // namespace crm::ticket
