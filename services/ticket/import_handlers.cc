#include "services/ticket/import_handlers.h"

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/record/table.h"
#include "common/record/times.h"
#include "services/ticket/customer_link.h"
#include "services/ticket/import_rules.h"

namespace crm::ticket {
namespace {

void Refuse(const google::rpc::BadRequest::FieldViolation& violation,
            v1::HistoricTicketOutcome& outcome) {
  outcome.set_state(v1::HISTORIC_TICKET_STATE_REFUSED);
  v1::HistoricTicketProblem& problem = *outcome.add_problems();
  problem.set_field(violation.field());
  problem.set_rule(violation.reason());
  problem.set_mend(violation.description());
}

void Refuse(const absl::Status& status, v1::HistoricTicketOutcome& outcome) {
  const google::rpc::Status wire = ToRpcStatus(status);
  google::rpc::BadRequest bad;
  for (const auto& detail : wire.details()) {
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) Refuse(violation, outcome);
  }
}

void Refuse(const schema::Violation& violation, schema::Language language,
            v1::HistoricTicketOutcome& outcome) {
  Refuse(schema::ToFieldViolation(violation, language), outcome);
}

bool IsRefused(const v1::HistoricTicketOutcome& outcome) {
  return outcome.state() == v1::HISTORIC_TICKET_STATE_REFUSED;
}

}  // namespace

void ImportHandlers::Register(server::MethodTable& table) {
  table.Unary<v1::ImportTicketsRequest, v1::ImportTicketsResponse>(
      "ImportTickets", [this](auto& call, const auto& request) { return Import(call, request); });
}

absl::StatusOr<v1::ImportTicketsResponse> ImportHandlers::Import(
    CallContext& call, const v1::ImportTicketsRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const SlaBookPtr book, desk_.sla.Current(*db));
  v1::ImportTicketsResponse response;
  std::set<std::pair<std::string, std::string>> seen;
  for (const v1::HistoricTicket& row : request.rows()) {
    v1::HistoricTicketOutcome& outcome = *response.add_outcomes();
    outcome.set_line(row.line());
    if (!seen.insert({row.channel(), row.external_reference()}).second) {
      Refuse(schema::Violation{"external_reference", "REFERENCE_TWICE",
                               "each ticket is in the file once", "同一外部单号重复出现"},
             call.language(), outcome);
      continue;
    }
    CRM_RETURN_IF_ERROR(ImportRow(call, *db, book, row, outcome));
  }
  return response;
}

absl::Status ImportHandlers::ImportRow(CallContext& call, db::Connection& db,
                                       const SlaBookPtr& book, v1::HistoricTicket row,
                                       v1::HistoricTicketOutcome& outcome) {
  const absl::Status declared = schema::NormalizeAndValidate(row, call.language(), call.now());
  if (!declared.ok()) {
    Refuse(declared, outcome);
    return absl::OkStatus();
  }
  for (const schema::Violation& violation : CheckHistoric(row, call.now())) {
    Refuse(violation, call.language(), outcome);
  }
  if (IsRefused(outcome)) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(const std::optional<StoredTicket> there,
                       desk_.store.FindByReference(db, row.channel(), row.external_reference()));
  if (there.has_value()) {
    outcome.set_state(v1::HISTORIC_TICKET_STATE_EXISTS);
    outcome.set_ticket(there->message.number());
    return absl::OkStatus();
  }
  v1::Ticket ticket = TicketOf(row, call.now());
  const absl::Status linked = LinkAtIntake(desk_, db, call.writes(), ticket);
  if (absl::IsNotFound(linked)) {
    Refuse(schema::Violation{"customer", "CUSTOMER_UNKNOWN",
                             "use the number of a customer of the archive", "客户不存在"},
           call.language(), outcome);
    return absl::OkStatus();
  }
  CRM_RETURN_IF_ERROR(linked);
  outcome.set_state(v1::HISTORIC_TICKET_STATE_IMPORTED);
  return call.validate_only() ? absl::OkStatus()
                              : Write(call, book, row, std::move(ticket), outcome);
}

absl::Status ImportHandlers::Write(CallContext& call, const SlaBookPtr& book,
                                   const v1::HistoricTicket& row, v1::Ticket ticket,
                                   v1::HistoricTicketOutcome& outcome) {
  const SlaVersion& version = book->newest();
  ticket.set_sla_version(version.version);
  ticket.set_sla_policy(ChoosePolicy(version.sla.configuration(), ticket).policy_id());
  CRM_ASSIGN_OR_RETURN(*ticket.mutable_number(),
                       desk_.numbers.Next(record::TimeOf(row.open_time())));
  TicketHistory history{HistoryOf(row, ticket, call.now()), book};
  const StoredTicket imported = desk_.changes.Import(call.writes(), std::move(ticket),
                                                     std::move(history), record::SourceOf(call));
  LinkLater(call.writes(), imported, call.now());
  outcome.set_ticket(imported.message.number());
  return absl::OkStatus();
}

}  // namespace crm::ticket
