// PipelineService: pipelines as configuration (SAL-2).
#ifndef CRM_SERVICES_SALES_PIPELINE_HANDLERS_H_
#define CRM_SERVICES_SALES_PIPELINE_HANDLERS_H_

#include "absl/status/statusor.h"
#include "common/server/method_table.h"
#include "crm/sales/v1/pipeline_service.pb.h"
#include "services/sales/pipelines.h"

namespace crm::sales {

class PipelineHandlers {
 public:
  // `store` outlives it.
  explicit PipelineHandlers(PipelineStore& store) : store_(store) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;

  absl::StatusOr<v1::Pipeline> Create(CallContext& call, const v1::CreatePipelineRequest& request);
  absl::StatusOr<v1::Pipeline> Get(CallContext& call, const v1::GetPipelineRequest& request);
  absl::StatusOr<v1::ListPipelinesResponse> List(CallContext& call,
                                                 const v1::ListPipelinesRequest& request);
  absl::StatusOr<v1::Pipeline> Update(CallContext& call, const v1::UpdatePipelineRequest& request);
  absl::StatusOr<v1::ListPipelineHistoryResponse> History(
      CallContext& call, const v1::ListPipelineHistoryRequest& request);

  PipelineStore& store_;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_PIPELINE_HANDLERS_H_
