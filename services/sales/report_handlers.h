// SalesReportService (SAL-12, SAL-13, SAL-15).
#ifndef CRM_SERVICES_SALES_REPORT_HANDLERS_H_
#define CRM_SERVICES_SALES_REPORT_HANDLERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/report_service.pb.h"
#include "services/sales/sales.h"

namespace crm::sales {

class ReportHandlers {
 public:
  // `sales` outlives it.
  explicit ReportHandlers(const Sales& sales) : sales_(sales) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::GetFunnelResponse> Funnel(CallContext& call, v1::GetFunnelRequest request);
  absl::StatusOr<v1::GetForecastResponse> Forecast(CallContext& call,
                                                   const v1::GetForecastRequest& request);
  absl::StatusOr<v1::GetWinLossResponse> WinLoss(CallContext& call,
                                                 const v1::GetWinLossRequest& request);
  absl::StatusOr<v1::GetLeadFollowUpResponse> LeadFollowUp(
      CallContext& call, const v1::GetLeadFollowUpRequest& request);

  // Sums of owners as those of whom they report to today.
  template <typename Sum>
  std::vector<Sum> OfManagers(std::vector<Sum> of_owners) const;

  const Sales& sales_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_HANDLERS_H_
