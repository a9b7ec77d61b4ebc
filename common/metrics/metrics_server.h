// Serves `/metrics` for Prometheus on a port of its own (PLT-26).
//
//   MetricsServer server("127.0.0.1:9464", build);
//   RpcServerParts parts{…, .metrics = &server.registry()};
//   server.Add(std::make_shared<PoolCollector>(pool));
//   CRM_RETURN_IF_ERROR(server.Start());
#ifndef CRM_COMMON_METRICS_METRICS_SERVER_H_
#define CRM_COMMON_METRICS_METRICS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/registry.h"

namespace crm::metrics {

struct BuildInfo {
  std::string service;
  std::string version;
  std::string commit;
};

// Not thread-safe, except for the registry.
class MetricsServer {
 public:
  // `listen`: address and port, as `127.0.0.1:9464`; port 0 = any. Brings build and process
  // metrics.
  MetricsServer(std::string listen, const BuildInfo& build);

  prometheus::Registry& registry() { return *registry_; }
  // Further metrics, read when they are scraped.
  void Add(std::shared_ptr<prometheus::Collectable> collectable);

  // FAILED_PRECONDITION LISTEN_FAILED if the address cannot be used.
  absl::Status Start();
  int port() const;
  // After it nothing reads the collectables. Idempotent.
  void Stop();

 private:
  const std::string listen_;
  const std::shared_ptr<prometheus::Registry> registry_;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_METRICS_SERVER_H_
