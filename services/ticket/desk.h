// What the handlers and jobs of the ticket service share. Built once by the composition root.
#ifndef CRM_SERVICES_TICKET_DESK_H_
#define CRM_SERVICES_TICKET_DESK_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/numbering/current_numbers.h"
#include "common/replica/replica.h"
#include "common/runtime/service_runtime.h"
#include "common/server/call_context.h"
#include "services/ticket/agents.h"
#include "services/ticket/sla_book.h"
#include "services/ticket/ticket_changes.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

struct Desk {
  // `service` outlives it.
  Desk(runtime::ServiceRuntime& service, numbering::NumberPattern pattern);

  // A ticket in the caller's scope, with its history. ABORTED ETAG_STALE if `etag` is given and it
  // has changed since.
  absl::StatusOr<TicketState> Read(server::CallContext& call, std::string_view number,
                                   const std::string& etag = "") const;
  // Adds the history.
  absl::StatusOr<TicketState> WithHistory(db::Connection& db, StoredTicket ticket) const;

  runtime::ServiceRuntime& host;
  numbering::CurrentNumbers numbers;
  // What we keep of the customer archive.
  replica::Replica archive;
  SlaStore sla;
  Agents agents;
  const TicketStore store;
  const TicketChanges changes;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_DESK_H_
