// Where opportunities get stuck (SAL-14). Pure.
#ifndef CRM_SERVICES_SALES_DWELL_RULES_H_
#define CRM_SERVICES_SALES_DWELL_RULES_H_

#include <vector>

#include "common/schema/language.h"
#include "crm/sales/v1/insight.pb.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "services/sales/insight_store.h"

namespace crm::sales {

// `cells` by month.
v1::GetBottlenecksResponse BuildBottlenecks(const v1::Pipeline& pipeline,
                                            const std::vector<DwellCell>& cells,
                                            const std::vector<OpenStage>& open,
                                            schema::Language language);

// Name of a stage in the language; its code if it has none.
std::string StageName(const v1::Stage& stage, schema::Language language);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_DWELL_RULES_H_
