#include "services/ticket/move_handlers.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "crm/customer/v1/staff.pb.h"
#include "services/ticket/after_care_rules.h"
#include "services/ticket/handover.h"
#include "services/ticket/opening.h"

namespace crm::ticket {

void MoveHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::MoveTicketRequest, v1::Ticket>("TakeTicket", bind(&MoveHandlers::Take));
  table.Unary<v1::AssignTicketRequest, v1::Ticket>("AssignTicket", bind(&MoveHandlers::Assign));
  table.Unary<v1::MoveTicketRequest, v1::Ticket>("WaitForCustomer", bind(&MoveHandlers::Wait));
  table.Unary<v1::MoveTicketRequest, v1::Ticket>("ResumeTicket", bind(&MoveHandlers::Resume));
  table.Unary<v1::ResolveTicketRequest, v1::Ticket>("ProposeSolution",
                                                    bind(&MoveHandlers::Propose));
  table.Unary<v1::ResolveTicketRequest, v1::Ticket>("CompleteTicket",
                                                    bind(&MoveHandlers::Complete));
  table.Unary<v1::MoveTicketRequest, v1::Ticket>("CloseTicket", bind(&MoveHandlers::Close));
  table.Unary<v1::MoveTicketRequest, v1::Ticket>("ReopenTicket", bind(&MoveHandlers::Reopen));
}

absl::StatusOr<v1::Ticket> MoveHandlers::Take(CallContext& call,
                                              const v1::MoveTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  return Give(call, Move::kTake, before, call.caller().id, request.measure());
}

absl::StatusOr<v1::Ticket> MoveHandlers::Assign(CallContext& call,
                                                const v1::AssignTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  const auto staff = desk_.archive.staff().Get();
  const crm::customer::v1::StaffUser* user = staff->User(request.assignee());
  if (user == nullptr || user->status() != crm::customer::v1::STAFF_STATUS_ACTIVE) {
    return InvalidField("assignee", "ASSIGNEE_UNKNOWN", "name an active user of the directory");
  }
  return Give(call, Move::kAssign, before, request.assignee(), request.reason());
}

absl::StatusOr<v1::Ticket> MoveHandlers::Give(CallContext& call, Move move,
                                              const TicketState& before,
                                              const std::string& assignee,
                                              const std::string& reason) {
  v1::Ticket after = before.ticket.message;
  CRM_ASSIGN_OR_RETURN(const v1::TicketStatus status, StatusAfter(move, after));
  TicketEvents events;
  if (status != after.status()) events.push_back(StatusEvent(status, reason));
  after.set_status(status);
  after.clear_escalated_to();
  after.set_last_measure(reason);
  const auto staff = desk_.archive.staff().Get();
  for (v1::TicketEvent& event : HandOver(*staff, *before.history.book, assignee, reason, after)) {
    events.push_back(std::move(event));
  }
  return Save(call, before, std::move(after), std::move(events));
}

absl::StatusOr<v1::Ticket> MoveHandlers::MoveTo(CallContext& call, Move move,
                                                const v1::MoveTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  v1::Ticket after = before.ticket.message;
  CRM_ASSIGN_OR_RETURN(const v1::TicketStatus status, StatusAfter(move, after));
  after.set_status(status);
  after.set_last_measure(request.measure());
  TicketEvents events = Enter(move, before, call.now(), after);
  return Save(call, before, std::move(after), std::move(events));
}

absl::StatusOr<v1::Ticket> MoveHandlers::Resolve(CallContext& call, Move move,
                                                 const v1::ResolveTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  v1::Ticket after = before.ticket.message;
  CRM_ASSIGN_OR_RETURN(const v1::TicketStatus status, StatusAfter(move, after));
  if (!request.solution().empty()) after.set_solution(request.solution());
  if (request.root_cause() != v1::ROOT_CAUSE_UNSPECIFIED) {
    after.set_root_cause(request.root_cause());
  }
  if (move == Move::kComplete) CRM_RETURN_IF_ERROR(CheckComplete(after));
  after.set_status(status);
  after.set_last_measure(request.measure());
  TicketEvents events = Enter(move, before, call.now(), after);
  return Save(call, before, std::move(after), std::move(events));
}

TicketEvents MoveHandlers::Enter(Move move, const TicketState& before, absl::Time now,
                                 v1::Ticket& ticket) const {
  const v1::SlaConfiguration& configuration = ConfigurationOf(before);
  TicketEvents events = {StatusEvent(ticket.status(), ticket.last_measure())};
  TicketEvents more;
  if (move == Move::kReopen) EnterReopened(ticket);
  if (move == Move::kComplete) more = EnterDone(configuration, now, ticket);
  if (move == Move::kClose) more = EnterClosed(configuration, now, ticket);
  for (v1::TicketEvent& event : more) events.push_back(std::move(event));
  return events;
}

v1::Ticket MoveHandlers::Save(CallContext& call, const TicketState& before, v1::Ticket after,
                              TicketEvents events) const {
  return desk_.changes
      .Change(call.writes(), before, std::move(after), std::move(events), record::SourceOf(call))
      .message;
}

absl::StatusOr<v1::Ticket> MoveHandlers::Wait(CallContext& call,
                                              const v1::MoveTicketRequest& request) {
  return MoveTo(call, Move::kWait, request);
}

absl::StatusOr<v1::Ticket> MoveHandlers::Resume(CallContext& call,
                                                const v1::MoveTicketRequest& request) {
  return MoveTo(call, Move::kResume, request);
}

absl::StatusOr<v1::Ticket> MoveHandlers::Propose(CallContext& call,
                                                 const v1::ResolveTicketRequest& request) {
  return Resolve(call, Move::kPropose, request);
}

absl::StatusOr<v1::Ticket> MoveHandlers::Complete(CallContext& call,
                                                  const v1::ResolveTicketRequest& request) {
  return Resolve(call, Move::kComplete, request);
}

absl::StatusOr<v1::Ticket> MoveHandlers::Close(CallContext& call,
                                               const v1::MoveTicketRequest& request) {
  return MoveTo(call, Move::kClose, request);
}

absl::StatusOr<v1::Ticket> MoveHandlers::Reopen(CallContext& call,
                                                const v1::MoveTicketRequest& request) {
  CRM_ASSIGN_OR_RETURN(const TicketState before,
                       desk_.Read(call, request.ticket(), request.etag()));
  const v1::Ticket& ticket = before.ticket.message;
  CRM_RETURN_IF_ERROR(CheckNotMerged(ticket));
  if (!IsReopenedInPlace(AfterCareOf(ConfigurationOf(before)), ticket, call.now())) {
    return Continue(call, before, request.measure());
  }
  return MoveTo(call, Move::kReopen, request);
}

absl::StatusOr<v1::Ticket> MoveHandlers::Continue(CallContext& call, const TicketState& before,
                                                  const std::string& reason) {
  const v1::Ticket& ticket = before.ticket.message;
  const Opening opening(desk_);
  CRM_ASSIGN_OR_RETURN(Continuation next, opening.Continue(call, before, reason, reason));
  if (!next.events.empty()) {
    Save(call, before, ticket, std::move(next.events));
    return std::move(next.ticket.message);
  }
  CRM_ASSIGN_OR_RETURN(TicketState there, opening.Read(call, next, ticket));
  return std::move(there.ticket.message);
}

}  // namespace crm::ticket
