// What a server counts about its calls (PLT-26). All series of all methods are made at start, so
// that rates are right from the first scrape; counting is a few atomic operations.
//
//   RpcMetrics metrics(registry, methods);
//   MethodMetrics& method = metrics.Of(*descriptor);
//   method.Start();
//   …
//   method.End(absl::StatusCode::kOk, latency);
//
// Thread-safe.
#ifndef CRM_COMMON_METRICS_RPC_METRICS_H_
#define CRM_COMMON_METRICS_RPC_METRICS_H_

#include <array>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace crm::metrics {

// The series of one method.
class MethodMetrics {
 public:
  void Start();
  void End(absl::StatusCode code, absl::Duration latency);

  void Shed() { shed_->Increment(); }
  void Replay() { replays_->Increment(); }
  void Rerun() { reruns_->Increment(); }
  void Waited(absl::Duration waited) { queue_wait_->Observe(absl::ToDoubleSeconds(waited)); }

  absl::Duration objective() const { return objective_; }

 private:
  friend class RpcMetrics;
  static constexpr size_t kCodes = 17;

  absl::Duration objective_;
  absl::Duration limit_;
  prometheus::Counter* started_ = nullptr;
  prometheus::Gauge* in_flight_ = nullptr;
  std::array<prometheus::Counter*, kCodes> handled_{};
  prometheus::Histogram* handling_ = nullptr;
  prometheus::Histogram* queue_wait_ = nullptr;
  prometheus::Counter* shed_ = nullptr;
  prometheus::Counter* goal_ = nullptr;
  prometheus::Counter* limit_only_ = nullptr;
  prometheus::Counter* missed_ = nullptr;
  prometheus::Counter* replays_ = nullptr;
  prometheus::Counter* reruns_ = nullptr;
};

class RpcMetrics {
 public:
  // Objectives and limits come from the method options (default 100 ms and 3 s;
  // none for streams).
  RpcMetrics(prometheus::Registry& registry,
             absl::Span<const google::protobuf::MethodDescriptor* const> methods);

  // Of one of the methods given to the constructor.
  MethodMetrics& Of(const google::protobuf::MethodDescriptor& method) {
    return *methods_.at(&method);
  }

 private:
  absl::flat_hash_map<const google::protobuf::MethodDescriptor*, std::unique_ptr<MethodMetrics>>
      methods_;
};

// `OK`, `NotFound` … as Prometheus users know them: the names of the gRPC ecosystem's dashboards.
std::string GrpcCodeName(absl::StatusCode code);

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_RPC_METRICS_H_
