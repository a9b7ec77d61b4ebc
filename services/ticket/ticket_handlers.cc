#include "services/ticket/ticket_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/run_list.h"
#include "common/record/table.h"
#include "common/resource/history.h"
#include "common/resource/update.h"
#include "services/ticket/customer_link.h"
#include "services/ticket/handover.h"
#include "services/ticket/opening.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

constexpr char kRetyped[] = "its type has changed / 工单类型变更";

}  // namespace

void TicketHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreateTicketRequest, v1::Ticket>("CreateTicket", bind(&TicketHandlers::Create));
  table.Unary<v1::GetTicketRequest, v1::Ticket>("GetTicket", bind(&TicketHandlers::Get));
  table.Unary<v1::ListTicketsRequest, v1::ListTicketsResponse>("ListTickets",
                                                               bind(&TicketHandlers::List));
  table.Unary<v1::UpdateTicketRequest, v1::Ticket>("UpdateTicket", bind(&TicketHandlers::Update));
  table.Unary<v1::ListTicketEventsRequest, v1::ListTicketEventsResponse>(
      "ListTicketEvents", bind(&TicketHandlers::Events));
}

absl::StatusOr<v1::Ticket> TicketHandlers::Create(CallContext& call,
                                                  const v1::CreateTicketRequest& request) {
  v1::Ticket ticket = request.ticket();
  CRM_RETURN_IF_ERROR(record::RefuseIn("ticket", CheckNewTicket(ticket), call.language()));
  // A taken reference fails the commit; only then is it worth a read.
  const bool may_be_there = call.attempt() > 0 || call.validate_only();
  if (may_be_there && !ticket.external_reference().empty()) {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    CRM_ASSIGN_OR_RETURN(
        std::optional<StoredTicket> there,
        desk_.store.FindByReference(*db, ticket.channel(), ticket.external_reference()));
    if (there.has_value()) return std::move(there->message);
  }
  // Before the first try takes a connection, which it would hold while the archive is asked.
  const auto customer = IdentifyAtIntake(desk_, ticket);
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  if (customer.has_value()) {
    SetCustomer(*customer, ticket);
  } else {
    CRM_RETURN_IF_ERROR(LinkAtIntake(desk_, *db, call.writes(), ticket));
  }
  CRM_ASSIGN_OR_RETURN(StoredTicket opened, Opening(desk_).Open(call, *db, std::move(ticket)));
  return std::move(opened.message);
}

absl::StatusOr<v1::Ticket> TicketHandlers::Get(CallContext& call,
                                               const v1::GetTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(StoredTicket ticket, desk_.Find(call, request.ticket()));
  return std::move(ticket.message);
}

absl::StatusOr<v1::ListTicketsResponse> TicketHandlers::List(
    CallContext& call, const v1::ListTicketsRequest& request) {
  return record::RunList<v1::ListTicketsResponse>(
      call, request,
      {.table = desk_.store.tickets().table(),
       .name = "ticket_list",
       .order_by = "due_time",
       .count_name = "ticket_count",
       .keyring = desk_.host.keyring(),
       .zone = desk_.host.zone(),
       .scope = &call.scope()},
      [](v1::ListTicketsResponse& response) { return response.add_tickets(); });
}

absl::StatusOr<v1::Ticket> TicketHandlers::Update(CallContext& call,
                                                  const v1::UpdateTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before, desk_.Read(call, request.ticket().number()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::Ticket after = before.ticket.message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.ticket(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before.ticket.key, request.ticket().etag(), "ticket.etag", written));
  CRM_RETURN_IF_ERROR(CheckUpdate(before.ticket.message, after));
  TicketEvents events;
  if (after.type() != before.ticket.message.type()) {
    events = FollowPolicy(*before.history.book, kRetyped, after);
  }
  if (call.validate_only()) return after;
  return desk_.changes
      .Change(call.writes(), before, std::move(after), std::move(events), record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::ListTicketEventsResponse> TicketHandlers::Events(
    CallContext& call, const v1::ListTicketEventsRequest& request) {
  CRM_ASSIGN_OR_RETURN(const StoredTicket ticket, desk_.Find(call, request.ticket()));
  return record::RunList<v1::ListTicketEventsResponse>(
      call, request,
      {.table = desk_.store.events(),
       .name = "ticket_event_list",
       .order_by = "sequence",
       .keyring = desk_.host.keyring(),
       .zone = desk_.host.zone(),
       // As the ticket is in reach, so is what happened to it.
       .scope = &auth::RowScope::Everything(),
       .condition = {"ticket_id = ?", {ticket.key.id}}},
      [](v1::ListTicketEventsResponse& response) { return response.add_events(); });
}

}  // namespace crm::ticket
