// What a pipeline must be like (SAL-2). Pure.
#ifndef CRM_SERVICES_SALES_PIPELINE_RULES_H_
#define CRM_SERVICES_SALES_PIPELINE_RULES_H_

#include <vector>

#include "common/schema/validate.h"
#include "crm/sales/v1/pipeline.pb.h"
#include "services/sales/pipelines.h"

namespace crm::sales {

// Of `pipeline` as it shall be, beside the others.
std::vector<schema::Violation> CheckPipeline(const Pipelines& others, const v1::Pipeline& pipeline);

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_PIPELINE_RULES_H_
