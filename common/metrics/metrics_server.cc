#include "common/metrics/metrics_server.h"

#include <CivetServer.h>

#include <atomic>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/metrics/definition.h"
#include "common/metrics/process_collector.h"
#include "prometheus/text_serializer.h"

namespace crm::metrics {
namespace {

constexpr int kOk = 200;
constexpr int kUnavailable = 503;
// Prometheus, and probes that do not wait until it has its answer.
constexpr char kThreads[] = "8";
// Of a connection that asks for nothing: probes must not wait for it.
constexpr char kRequestTimeoutMillis[] = "3000";

struct Answer {
  int code = kOk;
  std::string body = {};
};

class Page : public CivetHandler {
 public:
  explicit Page(std::function<Answer()> make) : make_(std::move(make)) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    const Answer answer = make_();
    mg_response_header_start(connection, answer.code);
    mg_response_header_add(connection, "Content-Type", "text/plain; version=0.0.4; charset=utf-8",
                           -1);
    mg_response_header_add(connection, "Content-Length", absl::StrCat(answer.body.size()).c_str(),
                           -1);
    mg_response_header_send(connection);
    mg_write(connection, answer.body.data(), answer.body.size());
    return true;
  }

 private:
  const std::function<Answer()> make_;
};

}  // namespace

class MetricsServer::Pages {
 public:
  void Add(std::shared_ptr<prometheus::Collectable> collectable) {
    MutexLock lock(&mutex_);
    collectables_.push_back(std::move(collectable));
  }

  void SetReady(bool ready) { ready_.store(ready); }

  Answer Metrics() const {
    std::vector<prometheus::MetricFamily> all;
    for (const auto& each : Collectables()) {
      std::vector<prometheus::MetricFamily> families = each->Collect();
      all.insert(all.end(), std::make_move_iterator(families.begin()),
                 std::make_move_iterator(families.end()));
    }
    return {.body = prometheus::TextSerializer().Serialize(all)};
  }

  Answer Ready() const {
    return ready_.load() ? Answer{.body = "ready\n"}
                         : Answer{.code = kUnavailable, .body = "not serving\n"};
  }

 private:
  std::vector<std::shared_ptr<prometheus::Collectable>> Collectables() const {
    MutexLock lock(&mutex_);
    return collectables_;
  }

  std::atomic<bool> ready_{false};
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables_ ABSL_GUARDED_BY(mutex_);
};

class MetricsServer::Listener {
 public:
  Listener(const std::string& listen, const Pages& pages)
      : metrics_([&pages] { return pages.Metrics(); }),
        ready_([&pages] { return pages.Ready(); }),
        live_([] { return Answer{.body = "alive\n"}; }),
        server_(std::vector<std::string>{"listening_ports", listen, "num_threads", kThreads,
                                         "request_timeout_ms", kRequestTimeoutMillis}) {
    server_.addHandler("/metrics$", metrics_);
    server_.addHandler("/readyz$", ready_);
    server_.addHandler("/livez$", live_);
  }

  int port() { return server_.getListeningPorts().front(); }

 private:
  Page metrics_;
  Page ready_;
  Page live_;
  CivetServer server_;  // goes first: it waits for the pages that are being made
};

MetricsServer::MetricsServer(std::string listen, const BuildInfo& build)
    : listen_(std::move(listen)),
      registry_(std::make_shared<prometheus::Registry>()),
      pages_(std::make_unique<Pages>()) {
  GaugeFamily(*registry_, PlatformMetric("crm_build_info"))
      .Add({{"service", build.service}, {"version", build.version}, {"commit", build.commit}})
      .Set(1);
  Add(registry_);
  Add(std::make_shared<ProcessCollector>());
}

MetricsServer::~MetricsServer() = default;

void MetricsServer::Add(std::shared_ptr<prometheus::Collectable> collectable) {
  pages_->Add(std::move(collectable));
}

void MetricsServer::SetReady(bool ready) { pages_->SetReady(ready); }

absl::Status MetricsServer::Start() {
  try {  // the library reports an address in use by an exception
    listener_ = std::make_unique<Listener>(listen_, *pages_);
  } catch (const CivetException&) {
    return Error(absl::StatusCode::kFailedPrecondition, "LISTEN_FAILED",
                 absl::StrCat("cannot serve metrics on ", listen_));
  }
  return absl::OkStatus();
}

int MetricsServer::port() const { return listener_ == nullptr ? 0 : listener_->port(); }

void MetricsServer::Stop() { listener_.reset(); }

}  // namespace crm::metrics
