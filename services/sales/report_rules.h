// Reports from their sums (SAL-12, SAL-15). Pure.
#ifndef CRM_SERVICES_SALES_REPORT_RULES_H_
#define CRM_SERVICES_SALES_REPORT_RULES_H_

#include <vector>

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

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_REPORT_RULES_H_
