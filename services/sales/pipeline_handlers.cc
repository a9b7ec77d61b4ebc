#include "services/sales/pipeline_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/resource/update.h"
#include "services/sales/pipeline_rules.h"

namespace crm::sales {
namespace {

constexpr char kType[] = "crm.sales.v1.Pipeline";
constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;

}  // namespace

void PipelineHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.Unary<v1::CreatePipelineRequest, v1::Pipeline>("CreatePipeline",
                                                       bind(&PipelineHandlers::Create));
  table.Unary<v1::GetPipelineRequest, v1::Pipeline>("GetPipeline", bind(&PipelineHandlers::Get));
  table.Unary<v1::ListPipelinesRequest, v1::ListPipelinesResponse>("ListPipelines",
                                                                   bind(&PipelineHandlers::List));
  table.Unary<v1::UpdatePipelineRequest, v1::Pipeline>("UpdatePipeline",
                                                       bind(&PipelineHandlers::Update));
  table.Unary<v1::ListPipelineHistoryRequest, v1::ListPipelineHistoryResponse>(
      "ListPipelineHistory", bind(&PipelineHandlers::History));
}

absl::StatusOr<v1::Pipeline> PipelineHandlers::Create(CallContext& call,
                                                      const v1::CreatePipelineRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto pipelines, store_.pipelines.Fresh(*db));
  StoredPipeline created{{}, request.pipeline()};
  if (pipelines.value->Find(created.message.code()) != nullptr) {
    return Error(absl::StatusCode::kAlreadyExists, "PIPELINE_EXISTS", "there is such a pipeline")
        .Resource(kType, created.message.code());
  }
  CRM_RETURN_IF_ERROR(record::RefuseIn("pipeline", CheckPipeline(*pipelines.value, created.message),
                                       call.language()));
  if (call.validate_only()) return std::move(created.message);
  created.key = store_.table.Create(call.writes(), created.message, record::SourceOf(call));
  Pipelines after = *pipelines.value;
  after.Put(created);
  store_.pipelines.Change(call, pipelines, std::move(after));
  return std::move(created.message);
}

absl::StatusOr<v1::Pipeline> PipelineHandlers::Get(CallContext& call,
                                                   const v1::GetPipelineRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto pipelines, store_.pipelines.Fresh(*db));
  const StoredPipeline* found = pipelines.value->Find(request.pipeline());
  if (found == nullptr) return NotFound(kType, request.pipeline());
  return found->message;
}

absl::StatusOr<v1::ListPipelinesResponse> PipelineHandlers::List(
    CallContext& call, const v1::ListPipelinesRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto pipelines, store_.pipelines.Fresh(*db));
  const int size = request.page_size() == 0 ? kDefaultPageSize
                                            : std::min<int>(request.page_size(), kMaxPageSize);
  v1::ListPipelinesResponse response;
  // The token is the code of the last one on the page before.
  const auto& all = pipelines.value->all();
  for (auto each = all.upper_bound(request.page_token()); each != all.end(); ++each) {
    if (response.pipelines_size() == size) {
      response.set_next_page_token(response.pipelines(size - 1).code());
      break;
    }
    *response.add_pipelines() = each->second.message;
  }
  return response;
}

absl::StatusOr<v1::Pipeline> PipelineHandlers::Update(CallContext& call,
                                                      const v1::UpdatePipelineRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto pipelines, store_.pipelines.Fresh(*db));
  const StoredPipeline* before = pipelines.value->Find(request.pipeline().code());
  if (before == nullptr) return NotFound(kType, request.pipeline().code());
  v1::Pipeline after = before->message;
  CRM_ASSIGN_OR_RETURN(
      const std::vector<std::string> written,
      resource::ApplyUpdate(request.update_mask(), request.pipeline(), after, call.language()));
  CRM_RETURN_IF_ERROR(
      resource::CheckEtag(*db, before->key, request.pipeline().etag(), "pipeline.etag", written));
  CRM_RETURN_IF_ERROR(
      record::RefuseIn("pipeline", CheckPipeline(*pipelines.value, after), call.language()));
  if (call.validate_only()) return after;
  return store_.Save(call, pipelines, *before, std::move(after));
}

absl::StatusOr<v1::ListPipelineHistoryResponse> PipelineHandlers::History(
    CallContext& call, const v1::ListPipelineHistoryRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const auto pipelines, store_.pipelines.Fresh(*db));
  const StoredPipeline* found = pipelines.value->Find(request.pipeline());
  if (found == nullptr) return NotFound(kType, request.pipeline());
  CRM_ASSIGN_OR_RETURN(record::HistoryPage page,
                       store_.table.ReadHistory(*db, found->key.id, found->message,
                                                request.page_size(), request.page_token()));
  return std::move(page).As<v1::ListPipelineHistoryResponse>();
}

}  // namespace crm::sales
