#include "services/ticket/ticket_rules.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "services/ticket/sla/policy.h"
#include "services/ticket/sla_terms.h"

namespace crm::ticket {
namespace {

using sla::Status;
using sla::StatusSet;

struct MoveRule {
  Move move;
  std::string_view method;
  StatusSet from;
  // Absent: an unassigned ticket comes in progress, any other one stays as it is.
  std::optional<v1::TicketStatus> to;
};

constexpr StatusSet kOpenStatuses = {Status::kUnassigned, Status::kInProgress,
                                     Status::kWaitingForCustomer, Status::kToBeConfirmed};

constexpr std::array<MoveRule, 8> kMoves = {{
    {Move::kTake, "TakeTicket", kOpenStatuses, std::nullopt},
    {Move::kAssign, "AssignTicket", kOpenStatuses, std::nullopt},
    {Move::kWait, "WaitForCustomer", {Status::kInProgress}, v1::TICKET_STATUS_WAITING_FOR_CUSTOMER},
    {Move::kResume, "ResumeTicket", {Status::kWaitingForCustomer}, v1::TICKET_STATUS_IN_PROGRESS},
    {Move::kPropose,
     "ProposeSolution",
     {Status::kInProgress, Status::kWaitingForCustomer},
     v1::TICKET_STATUS_TO_BE_CONFIRMED},
    {Move::kComplete, "CompleteTicket", {Status::kToBeConfirmed}, v1::TICKET_STATUS_DONE},
    {Move::kClose, "CloseTicket", {Status::kDone}, v1::TICKET_STATUS_CLOSED},
    {Move::kReopen,
     "ReopenTicket",
     {Status::kToBeConfirmed, Status::kDone, Status::kClosed},
     v1::TICKET_STATUS_IN_PROGRESS},
}};

std::string_view NameOf(Move move) { return kMoves[static_cast<size_t>(move)].method; }

}  // namespace

std::vector<std::string> LegalMoves(v1::TicketStatus status) {
  std::vector<std::string> legal;
  for (const MoveRule& rule : kMoves) {
    if (rule.from.Has(ToSla(status))) legal.emplace_back(rule.method);
  }
  return legal;
}

absl::Status CheckNotMerged(const v1::Ticket& ticket) {
  if (ticket.merged_into().empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "TICKET_MERGED",
               "the ticket was merged into another one: work on that, or undo the merge")
      .Meta("survivor", ticket.merged_into())
      .Resource(kTicketType, ticket.number());
}

absl::StatusOr<v1::TicketStatus> StatusAfter(Move move, const v1::Ticket& ticket) {
  CRM_RETURN_IF_ERROR(CheckNotMerged(ticket));
  const MoveRule& rule = kMoves[static_cast<size_t>(move)];
  if (!rule.from.Has(ToSla(ticket.status()))) {
    return Error(absl::StatusCode::kFailedPrecondition, "MOVE_ILLEGAL",
                 "the ticket's status does not allow this; `legal_moves` names what it allows")
        .Meta("move", NameOf(move))
        .Meta("legal_moves", absl::StrJoin(LegalMoves(ticket.status()), ","))
        .Resource(kTicketType, ticket.number());
  }
  if (rule.to.has_value()) return *rule.to;
  return ticket.status() == v1::TICKET_STATUS_UNASSIGNED ? v1::TICKET_STATUS_IN_PROGRESS
                                                         : ticket.status();
}

v1::TicketStatus StatusAfterCustomerReply(v1::TicketStatus status) {
  const bool goes_on = status == v1::TICKET_STATUS_WAITING_FOR_CUSTOMER || !IsOpen(status);
  return goes_on ? v1::TICKET_STATUS_IN_PROGRESS : status;
}

std::vector<schema::Violation> CheckNewTicket(const v1::Ticket& ticket) {
  const bool has_identity = !ticket.customer().empty() || !ticket.requester_phone().empty() ||
                            !ticket.requester_email().empty();
  if (has_identity) return {};
  return {{"customer", "REQUESTER_MISSING",
           "give the customer's number, or the phone or email of whoever asks",
           "请填写客户编号，或来访人的电话、邮箱"}};
}

absl::Status CheckComplete(const v1::Ticket& ticket) {
  if (ticket.type() != v1::TICKET_TYPE_COMPLAINT) return absl::OkStatus();
  Error error(absl::StatusCode::kFailedPrecondition, "COMPLAINT_INCOMPLETE",
              "a complaint is done once its root cause and its solution are known");
  std::vector<std::string> missing;
  if (ticket.root_cause() == v1::ROOT_CAUSE_UNSPECIFIED) {
    std::move(error).Precondition("ROOT_CAUSE", ticket.number(), "name the root cause");
    missing.emplace_back("root_cause");
  }
  if (ticket.solution().empty()) {
    std::move(error).Precondition("SOLUTION", ticket.number(), "describe the solution");
    missing.emplace_back("solution");
  }
  if (missing.empty()) return absl::OkStatus();
  return std::move(error)
      .Meta("fields", absl::StrJoin(missing, ","))
      .Resource(kTicketType, ticket.number());
}

absl::Status CheckUpdate(const v1::Ticket& before, const v1::Ticket& after) {
  if (IsOpen(before.status())) return absl::OkStatus();
  if (after.type() != before.type()) {
    return Error(absl::StatusCode::kFailedPrecondition, "TYPE_FIXED",
                 "the ticket is done as what it is: reopen it to change its type")
        .Precondition("TYPE", before.number(), "reopen the ticket first")
        .Meta("fields", "type")
        .Resource(kTicketType, before.number());
  }
  // One that lacked it before, by import or merge, can still be corrected piece by piece.
  return CheckComplete(before).ok() ? CheckComplete(after) : absl::OkStatus();
}

bool IsOpen(v1::TicketStatus status) { return kOpenStatuses.Has(ToSla(status)); }

}  // namespace crm::ticket
