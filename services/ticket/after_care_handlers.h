// AfterCareService: what customers say once their ticket is done (TIC-3, TIC-10).
#ifndef CRM_SERVICES_TICKET_AFTER_CARE_HANDLERS_H_
#define CRM_SERVICES_TICKET_AFTER_CARE_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/ticket/v1/after_care_service.pb.h"
#include "services/ticket/desk.h"

namespace crm::ticket {

class AfterCareHandlers {
 public:
  // Outlives it.
  explicit AfterCareHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Ticket> RecordFeedback(CallContext& call,
                                            const v1::RecordFeedbackRequest& request);
  absl::StatusOr<v1::Ticket> RecordFollowUp(CallContext& call,
                                            const v1::RecordFollowUpRequest& request);
  // What a low score leads to; gives the entries of the history.
  absl::StatusOr<TicketEvents> Mend(CallContext& call, v1::LowScoreAction action,
                                    const v1::RecordFeedbackRequest& request,
                                    const TicketState& before, v1::Ticket& ticket);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_AFTER_CARE_HANDLERS_H_
