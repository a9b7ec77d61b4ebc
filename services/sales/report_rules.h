// Reports from their sums (SAL-12, SAL-13, SAL-15). Pure.
#ifndef CRM_SERVICES_SALES_REPORT_RULES_H_
#define CRM_SERVICES_SALES_REPORT_RULES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/schema/language.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "crm/sales/v1/report_service.pb.h"
#include "services/sales/report_store.h"

namespace crm::sales {

// Every stage of the pipeline, also one with nothing in it.
v1::Funnel BuildFunnel(const v1::Pipeline& pipeline, const std::vector<FunnelCell>& cells,
                       schema::Language language);
// A funnel for each month, oldest first; cells are by month.
std::vector<v1::Funnel> BuildCohorts(const v1::Pipeline& pipeline,
                                     const std::vector<FunnelCell>& cells,
                                     schema::Language language);

v1::GetWinLossResponse BuildWinLoss(const std::vector<ClosedSum>& sums, v1::WinLossGroup group);

v1::GetLeadFollowUpResponse BuildLeadFollowUp(const std::vector<LeadSum>& sums);

// The sums of owners (ClosedSum, LeadSum), as those of their managers.
template <typename Sum>
std::vector<Sum> ByManager(std::vector<Sum> of_owners,
                           const std::function<std::string(const std::string& owner)>& manager_of) {
  for (Sum& sum : of_owners) sum.group = manager_of(sum.group);
  return of_owners;
}

// Puts the earlier lines beside the present ones, with the accuracy of periods that ended before
// `today`.
std::vector<v1::ForecastLine> CompareForecasts(std::vector<v1::ForecastLine> now,
                                               const std::vector<v1::ForecastLine>& earlier,
                                               absl::CivilDay today);

// Whether `2026-03`, `2026-Q1` or `2026` has ended before the day.
bool HasEnded(const std::string& period, absl::CivilDay today);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_RULES_H_
