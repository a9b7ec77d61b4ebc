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
#include "services/ticket/customer_search.h"
#include "services/ticket/sla_book.h"
#include "services/ticket/ticket_changes.h"
#include "services/ticket/ticket_store.h"

namespace crm::ticket {

struct Desk {
  // `service` outlives it.
  Desk(runtime::ServiceRuntime& service, numbering::NumberPattern pattern);

  // A ticket in the caller's scope. NOT_FOUND also if it is out of that.
  absl::StatusOr<StoredTicket> Find(server::CallContext& call, std::string_view number) const;
  // The same with its history. ABORTED ETAG_STALE if `etag` is given and it has changed since.
  absl::StatusOr<TicketState> Read(server::CallContext& call, std::string_view number,
                                   const std::string& etag = "") const;
  // The same for whatever the ticket was merged into, if it was. FAILED_PRECONDITION TICKET_MERGED
  // if that is out of the caller's scope.
  absl::StatusOr<TicketState> ReadSurvivor(server::CallContext& call,
                                           std::string_view number) const;
  // `survivor`, into which `duplicate` was merged; the same error, which does not name it.
  absl::StatusOr<TicketState> ReadMergedInto(server::CallContext& call, const v1::Ticket& duplicate,
                                             std::string_view survivor) const;
  // What the ticket was merged into, whatever the caller may see; itself if it was not.
  absl::StatusOr<StoredTicket> SurvivorOf(db::Connection& db, StoredTicket ticket) const;
  // Whether the ticket, or one that it became a part of by merging, is in the scope.
  absl::StatusOr<bool> IsInReach(db::Connection& db, StoredTicket ticket,
                                 const auth::RowScope& scope) const;
  // ABORTED ETAG_STALE as above.
  static absl::Status CheckSeen(const StoredTicket& ticket, const std::string& etag);
  // Adds the history.
  absl::StatusOr<TicketState> WithHistory(db::Connection& db, StoredTicket ticket) const;

  runtime::ServiceRuntime& host;
  numbering::CurrentNumbers numbers;
  // What we keep of the customer archive.
  replica::Replica archive;
  CustomerSearch search;
  SlaStore sla;
  Agents agents;
  const TicketStore store;
  const TicketChanges changes;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_DESK_H_
