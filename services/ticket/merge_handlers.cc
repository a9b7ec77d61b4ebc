#include "services/ticket/merge_handlers.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "services/ticket/merge_rules.h"
#include "services/ticket/opening.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

// Messages of a ticket as they begin the history of another one.
TicketEvents CarriedOver(const TicketEvents& messages, const std::string& from) {
  TicketEvents carried;
  for (const v1::TicketEvent& message : messages) {
    v1::TicketEvent& event = carried.emplace_back(
        OtherTicketEvent(v1::TICKET_EVENT_KIND_CARRIED_OVER, from, message.text()));
    event.set_other_sequence(message.sequence());
  }
  return carried;
}

v1::Ticket PartOf(const v1::Ticket& ticket, const v1::SplitTicketRequest& request) {
  v1::Ticket part = Related(ticket, v1::TICKET_LINK_KIND_SPLIT_FROM);
  part.set_description(request.description());
  if (!request.subject().empty()) part.set_subject(request.subject());
  if (request.type() != v1::TICKET_TYPE_UNSPECIFIED) part.set_type(request.type());
  if (request.priority() != v1::TICKET_PRIORITY_UNSPECIFIED) part.set_priority(request.priority());
  return part;
}

}  // namespace

void MergeHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::MergeTicketsRequest, v1::Ticket>("MergeTickets", bind(&MergeHandlers::Merge));
  table.Unary<v1::UnmergeTicketRequest, v1::Ticket>("UnmergeTicket", bind(&MergeHandlers::Unmerge));
  table.Unary<v1::SplitTicketRequest, v1::SplitTicketResponse>("SplitTicket",
                                                               bind(&MergeHandlers::Split));
}

absl::StatusOr<v1::Ticket> MergeHandlers::Merge(CallContext& call,
                                                const v1::MergeTicketsRequest& request) {
  CRM_RETURN_IF_ERROR(schema::ViolationsToStatus(CheckMergeRequest(request), call.language()));
  CRM_ASSIGN_OR_RETURN(const TicketState survivor, desk_.Read(call, request.survivor()));
  const v1::Ticket& ticket = survivor.ticket.message;
  CRM_ASSIGN_OR_RETURN(const std::vector<TicketState> duplicates,
                       ReadDuplicates(call, request, ticket));
  if (duplicates.empty()) return ticket;
  CRM_RETURN_IF_ERROR(Desk::CheckSeen(survivor.ticket, request.etag()));
  TicketEvents absorbed;
  for (const TicketState& duplicate : duplicates) {
    v1::Ticket after = duplicate.ticket.message;
    absorbed.push_back(
        OtherTicketEvent(v1::TICKET_EVENT_KIND_ABSORBED, after.number(), request.reason()));
    after.set_status(v1::TICKET_STATUS_CLOSED);
    after.set_merged_into(ticket.number());
    Change(call, duplicate, std::move(after),
           {OtherTicketEvent(v1::TICKET_EVENT_KIND_MERGED, ticket.number(), request.reason())});
  }
  return Change(call, survivor, ticket, std::move(absorbed));
}

absl::StatusOr<std::vector<TicketState>> MergeHandlers::ReadDuplicates(
    CallContext& call, const v1::MergeTicketsRequest& request, const v1::Ticket& survivor) const {
  std::vector<TicketState> duplicates;
  for (const v1::DuplicateTicket& wanted : request.duplicates()) {
    CRM_ASSIGN_OR_RETURN(TicketState duplicate, desk_.Read(call, wanted.ticket()));
    if (duplicate.ticket.message.merged_into() == survivor.number()) continue;
    CRM_RETURN_IF_ERROR(Desk::CheckSeen(duplicate.ticket, wanted.etag()));
    CRM_RETURN_IF_ERROR(CheckMerge(survivor, duplicate.ticket.message));
    duplicates.push_back(std::move(duplicate));
  }
  return duplicates;
}

absl::StatusOr<v1::Ticket> MergeHandlers::Unmerge(CallContext& call,
                                                  const v1::UnmergeTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  v1::Ticket after = before.ticket.message;
  const std::string survivor_number = after.merged_into();
  if (survivor_number.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "TICKET_NOT_MERGED",
                 "the ticket is not merged into another one")
        .Resource(kTicketType, after.number());
  }
  CRM_ASSIGN_OR_RETURN(const TicketState survivor,
                       desk_.ReadMergedInto(call, after, survivor_number));
  Change(call, survivor, survivor.ticket.message,
         {OtherTicketEvent(v1::TICKET_EVENT_KIND_RELEASED, after.number(), request.reason())});
  after.set_status(StatusOf(before.history.events));
  after.clear_merged_into();
  return Change(
      call, before, std::move(after),
      {OtherTicketEvent(v1::TICKET_EVENT_KIND_UNMERGED, survivor_number, request.reason())});
}

absl::StatusOr<v1::SplitTicketResponse> MergeHandlers::Split(
    CallContext& call, const v1::SplitTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  const v1::Ticket& ticket = before.ticket.message;
  CRM_RETURN_IF_ERROR(CheckAlive(ticket));
  CRM_RETURN_IF_ERROR(
      schema::ViolationsToStatus(CheckEntries(request, before.history.events), call.language()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const TicketEvents messages,
                       desk_.store.ReadTexts(*db, before.ticket.key.id, request.entries()));
  CRM_ASSIGN_OR_RETURN(StoredTicket part,
                       Opening(desk_).Open(call, *db, PartOf(ticket, request),
                                           CarriedOver(messages, ticket.number())));
  v1::SplitTicketResponse response;
  *response.mutable_ticket() = Change(
      call, before, ticket,
      {OtherTicketEvent(v1::TICKET_EVENT_KIND_SPLIT, part.message.number(), request.reason())});
  *response.mutable_new_ticket() = std::move(part.message);
  return response;
}

v1::Ticket MergeHandlers::Change(CallContext& call, const TicketState& before, v1::Ticket after,
                                 TicketEvents events) const {
  return desk_.changes
      .Change(call.writes(), before, std::move(after), std::move(events), record::SourceOf(call))
      .message;
}

}  // namespace crm::ticket
