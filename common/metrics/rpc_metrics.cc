#include "common/metrics/rpc_metrics.h"

#include <map>

#include "common/metrics/definition.h"
#include "crm/options/v1/options.pb.h"

namespace crm::metrics {
namespace {

constexpr absl::Duration kDefaultObjective = absl::Milliseconds(100);
constexpr absl::Duration kDefaultLimit = absl::Seconds(3);

constexpr std::array kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

// A stream takes as long as it takes, unless its method says otherwise.
absl::Duration Declared(const google::protobuf::MethodDescriptor& method, uint32_t millis,
                        absl::Duration fallback) {
  if (millis != 0) return absl::Milliseconds(millis);
  const bool is_stream = method.client_streaming() || method.server_streaming();
  return is_stream ? absl::InfiniteDuration() : fallback;
}

// Whether a failure counts against the server; what the caller did wrong does not.
bool IsServerFault(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

// A code that gRPC does not have counts as UNKNOWN.
absl::StatusCode Known(absl::StatusCode code) {
  return static_cast<size_t>(code) < kCodeNames.size() ? code : absl::StatusCode::kUnknown;
}

}  // namespace

std::string GrpcCodeName(absl::StatusCode code) {
  return kCodeNames[static_cast<size_t>(Known(code))];
}

void MethodMetrics::Start() {
  started_->Increment();
  in_flight_->Increment();
}

void MethodMetrics::End(absl::StatusCode status_code, absl::Duration latency) {
  const absl::StatusCode code = Known(status_code);
  in_flight_->Decrement();
  handled_[static_cast<size_t>(code)]->Increment();
  handling_->Observe(absl::ToDoubleSeconds(latency));
  if (IsServerFault(code) || latency > limit_) {
    missed_->Increment();
  } else if (latency > objective_) {
    limit_only_->Increment();
  } else {
    goal_->Increment();
  }
}

RpcMetrics::RpcMetrics(prometheus::Registry& registry,
                       absl::Span<const google::protobuf::MethodDescriptor* const> methods) {
  auto& started = CounterFamily(registry, PlatformMetric("grpc_server_started_total"));
  auto& handled = CounterFamily(registry, PlatformMetric("grpc_server_handled_total"));
  auto& handling = HistogramFamily(registry, PlatformMetric("grpc_server_handling_seconds"));
  auto& in_flight = GaugeFamily(registry, PlatformMetric("crm_rpc_in_flight"));
  auto& queue_wait = HistogramFamily(registry, PlatformMetric("crm_rpc_queue_wait_seconds"));
  auto& shed = CounterFamily(registry, PlatformMetric("crm_rpc_shed_total"));
  auto& slo = CounterFamily(registry, PlatformMetric("crm_rpc_slo_total"));
  auto& objective = GaugeFamily(registry, PlatformMetric("crm_rpc_slo_objective_seconds"));
  auto& limit = GaugeFamily(registry, PlatformMetric("crm_rpc_slo_limit_seconds"));
  auto& replays = CounterFamily(registry, PlatformMetric("crm_idempotent_replays_total"));
  auto& reruns = CounterFamily(registry, PlatformMetric("crm_rpc_conflict_reruns_total"));

  for (const auto* method : methods) {
    const auto& options = method->options().GetExtension(crm::options::v1::method);
    const std::map<std::string, std::string> labels = {
        {"grpc_service", method->service()->full_name()}, {"grpc_method", method->name()}};
    const auto with = [&labels](const char* key, const char* value) {
      auto more = labels;
      more.emplace(key, value);
      return more;
    };
    auto series = std::make_unique<MethodMetrics>();
    series->objective_ = Declared(*method, options.objective_ms(), kDefaultObjective);
    series->limit_ = Declared(*method, options.limit_ms(), kDefaultLimit);
    series->started_ = &started.Add(labels);
    series->in_flight_ = &in_flight.Add(labels);
    for (size_t i = 0; i < kCodeNames.size(); ++i) {
      series->handled_[i] = &handled.Add(with("grpc_code", kCodeNames[i]));
    }
    series->handling_ = &handling.Add(labels, LatencyBuckets());
    series->queue_wait_ =
        &queue_wait.Add({{"grpc_service", method->service()->full_name()}}, LatencyBuckets());
    series->shed_ = &shed.Add(labels);
    series->goal_ = &slo.Add(with("within", "goal"));
    series->limit_only_ = &slo.Add(with("within", "limit"));
    series->missed_ = &slo.Add(with("within", "missed"));
    series->replays_ = &replays.Add(labels);
    series->reruns_ = &reruns.Add(labels);
    objective.Add(labels).Set(absl::ToDoubleSeconds(series->objective_));
    limit.Add(labels).Set(absl::ToDoubleSeconds(series->limit_));
    methods_.emplace(method, std::move(series));
  }
}

}  // namespace crm::metrics
