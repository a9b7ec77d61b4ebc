// When the server's certificate ends, read from its file when it is scraped: a file that was
// replaced counts at once, as for new connections (PLT-12, OPS-9).
#ifndef CRM_COMMON_METRICS_CERTIFICATE_COLLECTOR_H_
#define CRM_COMMON_METRICS_CERTIFICATE_COLLECTOR_H_

#include <string>
#include <utility>
#include <vector>

#include "prometheus/collectable.h"

namespace crm::metrics {

// Thread-safe. A file that cannot be read gives no metric.
class CertificateCollector : public prometheus::Collectable {
 public:
  // `path`: PEM, the server's own certificate first.
  explicit CertificateCollector(std::string path) : path_(std::move(path)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string path_;
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_CERTIFICATE_COLLECTOR_H_
