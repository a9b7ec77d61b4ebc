// When the certificates end by which a service is trusted and trusts others, read from their files
// when they are scraped: a file that was replaced counts at once (PLT-12, OPS-9).
#ifndef CRM_COMMON_METRICS_CERTIFICATE_COLLECTOR_H_
#define CRM_COMMON_METRICS_CERTIFICATE_COLLECTOR_H_

#include <string>
#include <utility>
#include <vector>

#include "prometheus/collectable.h"

namespace crm::metrics {

struct CertificateFile {
  // kChain: fails when the first of its certificates ends. kAuthorities: of several that are
  // trusted, those of yesterday may end; the last one counts.
  enum class Kind { kChain, kAuthorities };
  std::string setting;  // that names the file, the label of its series
  std::string path;     // PEM
  Kind kind;
};

// Thread-safe. A file that cannot be read gives no series.
class CertificateCollector : public prometheus::Collectable {
 public:
  explicit CertificateCollector(std::vector<CertificateFile> files) : files_(std::move(files)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::vector<CertificateFile> files_;
};

}  // namespace crm::metrics

#endif  // CRM_COMMON_METRICS_CERTIFICATE_COLLECTOR_H_
