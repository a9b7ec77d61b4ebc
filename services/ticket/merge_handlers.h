// TicketMergeService: tickets that are one, and tickets that are two (TIC-16).
#ifndef CRM_SERVICES_TICKET_MERGE_HANDLERS_H_
#define CRM_SERVICES_TICKET_MERGE_HANDLERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/merge_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class MergeHandlers {
 public:
  // Outlives it.
  explicit MergeHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Ticket> Merge(CallContext& call, const v1::MergeTicketsRequest& request);
  absl::StatusOr<v1::Ticket> Unmerge(CallContext& call, const v1::UnmergeTicketRequest& request);
  absl::StatusOr<v1::SplitTicketResponse> Split(CallContext& call,
                                                const v1::SplitTicketRequest& request);

  // Those that are not merged into the survivor yet, fit to be.
  absl::StatusOr<std::vector<TicketState>> ReadDuplicates(CallContext& call,
                                                          const v1::MergeTicketsRequest& request,
                                                          const v1::Ticket& survivor) const;
  v1::Ticket Change(CallContext& call, const TicketState& before, v1::Ticket after,
                    TicketEvents events) const;

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_MERGE_HANDLERS_H_
