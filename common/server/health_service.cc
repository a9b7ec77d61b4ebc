#include "common/server/health_service.h"

#include "common/error/error.h"
#include "grpc/health/v1/health.pb.h"

namespace crm::server {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

void HealthService::Set(std::string_view service, bool serving) {
  MutexLock lock(&mutex_);
  serving_[std::string(service)] = serving;
}

MethodTable HealthService::Table() {
  const auto* file = HealthCheckRequest::descriptor()->file();
  MethodTable table(file->FindServiceByName("Health"), "public");
  table.Inline<HealthCheckRequest, HealthCheckResponse>(
      "Check",
      [this](CallContext&,
             const HealthCheckRequest& request) -> absl::StatusOr<HealthCheckResponse> {
        MutexLock lock(&mutex_);
        const auto found = serving_.find(request.service());
        if (found == serving_.end()) {
          return Error(absl::StatusCode::kNotFound, "SERVICE_UNKNOWN",
                       "this server has no such service");
        }
        HealthCheckResponse response;
        response.set_status(found->second ? HealthCheckResponse::SERVING
                                          : HealthCheckResponse::NOT_SERVING);
        return response;
      });
  table.ServerStream<HealthCheckRequest, HealthCheckResponse>(
      "Watch", [](CallContext&, const HealthCheckRequest&, StreamWriter<HealthCheckResponse>&) {
        return absl::Status(
            Error(absl::StatusCode::kUnimplemented, "WATCH_UNSUPPORTED", "ask with Check"));
      });
  return table;
}

}  // namespace crm::server
