// What is asked for over plain HTTP on a port of its own (PLT-26, PLT-10):
//
//   /metrics   for Prometheus
//   /livez     200: the process answers
//   /readyz    200 while the service serves, else 503; for probes, which speak no TLS
//
//   MetricsServer server("127.0.0.1:9464", build);
//   RpcServerParts parts{…, .metrics = &server.registry()};
//   server.Add(std::make_shared<PoolCollector>(pool));
//   CRM_RETURN_IF_ERROR(server.Start());
//   server.SetReady(true);
#ifndef CRM_COMMON_METRICS_METRICS_SERVER_H_
#define CRM_COMMON_METRICS_METRICS_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "prometheus/collectable.h"
#include "prometheus/registry.h"

namespace crm::metrics {

struct BuildInfo {
  std::string service;
  std::string version;
  std::string commit;
};

// Not thread-safe, except for the registry and SetReady.
class MetricsServer {
 public:
  // `listen`: address and port, as `127.0.0.1:9464`; port 0 = any. Brings build and process
  // metrics.
  MetricsServer(std::string listen, const BuildInfo& build);
  ~MetricsServer();

  prometheus::Registry& registry() { return *registry_; }
  // Further metrics, read when they are scraped.
  void Add(std::shared_ptr<prometheus::Collectable> collectable);
  // What /readyz says; not ready until it is told.
  void SetReady(bool ready);

  // FAILED_PRECONDITION LISTEN_FAILED if the address cannot be used.
  absl::Status Start();
  int port() const;
  // After it nothing reads the collectables. Idempotent.
  void Stop();

 private:
  class Pages;
  class Listener;

  const std::string listen_;
  const std::shared_ptr<prometheus::Registry> registry_;
  const std::unique_ptr<Pages> pages_;
  std::unique_ptr<Listener> listener_;  // reads the pages
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_METRICS_SERVER_H_
