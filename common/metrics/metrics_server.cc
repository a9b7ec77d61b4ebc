#include "common/metrics/metrics_server.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/metrics/definition.h"
#include "common/metrics/process_collector.h"

namespace crm::metrics {

MetricsServer::MetricsServer(std::string listen, const BuildInfo& build)
    : listen_(std::move(listen)), registry_(std::make_shared<prometheus::Registry>()) {
  GaugeFamily(*registry_, PlatformMetric("crm_build_info"))
      .Add({{"service", build.service}, {"version", build.version}, {"commit", build.commit}})
      .Set(1);
  Add(registry_);
  Add(std::make_shared<ProcessCollector>());
}

void MetricsServer::Add(std::shared_ptr<prometheus::Collectable> collectable) {
  if (exposer_ != nullptr) exposer_->RegisterCollectable(collectable);
  collectables_.push_back(std::move(collectable));
}

absl::Status MetricsServer::Start() {
  try {  // the library reports an address in use by an exception
    exposer_ = std::make_unique<prometheus::Exposer>(listen_);
  } catch (const std::exception&) {
    return Error(absl::StatusCode::kFailedPrecondition, "LISTEN_FAILED",
                 absl::StrCat("cannot serve metrics on ", listen_));
  }
  for (const auto& each : collectables_) exposer_->RegisterCollectable(each);
  return absl::OkStatus();
}

int MetricsServer::port() const {
  return exposer_ == nullptr ? 0 : exposer_->GetListeningPorts().front();
}

void MetricsServer::Stop() { exposer_.reset(); }

}  // namespace crm::metrics
