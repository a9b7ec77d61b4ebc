#include "services/ticket/desk.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/in_scope.h"
#include "common/resource/resource_table.h"
#include "services/ticket/ticket_rules.h"

namespace crm::ticket {
namespace {

// Longer chains of merges come from damage only.
constexpr int kMostMerges = 100;

}  // namespace

// A move is decided on what its caller saw: any change since is one too many.
absl::Status Desk::CheckSeen(const StoredTicket& ticket, const std::string& etag) {
  if (etag.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const int64_t version, resource::ParseEtag(etag, "etag"));
  if (version == ticket.key.version) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "ETAG_STALE",
               "the ticket was changed since it was read; read it again")
      .Meta("current_etag", resource::EtagOf(ticket.key.version))
      .Resource(kTicketType, ticket.message.number());
}

Desk::Desk(runtime::ServiceRuntime& service, numbering::NumberPattern pattern)
    : host(service),
      numbers({.name = "ticket", .pattern = std::move(pattern), .zone = service.zone()},
              service.pool()),
      archive(service),
      search(service.peers()),
      store(service.keyring(), service.ids()),
      changes(store) {}

absl::StatusOr<StoredTicket> Desk::Find(server::CallContext& call, std::string_view number) const {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return store.Get(*db, number, call.scope());
}

absl::StatusOr<TicketState> Desk::Read(server::CallContext& call, std::string_view number,
                                       const std::string& etag) const {
  CRM_ASSIGN_OR_RETURN(StoredTicket ticket, Find(call, number));
  CRM_RETURN_IF_ERROR(CheckSeen(ticket, etag));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  return WithHistory(*db, std::move(ticket));
}

absl::StatusOr<TicketState> Desk::ReadSurvivor(server::CallContext& call,
                                               std::string_view number) const {
  CRM_ASSIGN_OR_RETURN(TicketState state, Read(call, number));
  const v1::Ticket asked = state.ticket.message;
  for (int i = 0; i < kMostMerges && !state.ticket.message.merged_into().empty(); ++i) {
    CRM_ASSIGN_OR_RETURN(state, ReadMergedInto(call, asked, state.ticket.message.merged_into()));
  }
  return state;
}

absl::StatusOr<TicketState> Desk::ReadMergedInto(server::CallContext& call,
                                                 const v1::Ticket& duplicate,
                                                 std::string_view survivor) const {
  absl::StatusOr<TicketState> state = Read(call, survivor);
  if (!absl::IsNotFound(state.status())) return state;
  return Error(absl::StatusCode::kFailedPrecondition, "TICKET_MERGED",
               "the ticket was merged into one that is out of your reach")
      .Resource(kTicketType, duplicate.number());
}

absl::StatusOr<StoredTicket> Desk::SurvivorOf(db::Connection& db, StoredTicket ticket) const {
  for (int i = 0; i < kMostMerges && !ticket.message.merged_into().empty(); ++i) {
    CRM_ASSIGN_OR_RETURN(ticket,
                         store.Get(db, ticket.message.merged_into(), auth::RowScope::Everything()));
  }
  return ticket;
}

absl::StatusOr<bool> Desk::IsInReach(db::Connection& db, StoredTicket ticket,
                                     const auth::RowScope& scope) const {
  for (int i = 0; i < kMostMerges && !filter::InScope(ticket.message, scope); ++i) {
    if (ticket.message.merged_into().empty()) return false;
    CRM_ASSIGN_OR_RETURN(ticket,
                         store.Get(db, ticket.message.merged_into(), auth::RowScope::Everything()));
  }
  return filter::InScope(ticket.message, scope);
}

absl::StatusOr<TicketState> Desk::WithHistory(db::Connection& db, StoredTicket ticket) const {
  TicketState state{std::move(ticket), {}};
  CRM_ASSIGN_OR_RETURN(state.history.events, TicketStore::ReadEvents(db, state.ticket.key.id));
  CRM_ASSIGN_OR_RETURN(state.history.book, sla.Current(db, state.history.newest_version()));
  return state;
}

}  // namespace crm::ticket
