// OpportunityService: handing opportunities over (SAL-11).
#ifndef CRM_SERVICES_SALES_TRANSFER_HANDLERS_H_
#define CRM_SERVICES_SALES_TRANSFER_HANDLERS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/opportunity_service.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class TransferHandlers {
 public:
  // `sales` outlives it.
  explicit TransferHandlers(Sales& sales);

  void Register(server::MethodTable& table);

 private:
  absl::StatusOr<v1::TransferOpportunitiesResponse> Transfer(
      server::CallContext& call, const v1::TransferOpportunitiesRequest& request);
  // Open ones, oldest first; one more than a call takes, to know whether there are more.
  absl::StatusOr<std::vector<StoredOpportunity>> OpenOnesOf(server::CallContext& call,
                                                            const std::string& owner) const;

  // Open reminders of the opportunities that the old owner has become the new one's.
  absl::Status HandOverReminders(server::CallContext& call,
                                 const std::vector<std::string>& opportunities,
                                 const std::string& from,
                                 const crm::customer::v1::StaffUser& to) const;

  Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_TRANSFER_HANDLERS_H_
