#include "common/metrics/certificate_collector.h"

#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <optional>

#include "common/crypto/openssl_ptr.h"
#include "common/crypto/secret_file.h"
#include "common/metrics/sample.h"

namespace crm::metrics {
namespace {

using Bio = crypto::OpenSslPtr<BIO, BIO_free>;
using Certificate = crypto::OpenSslPtr<X509, X509_free>;

std::optional<double> EndOfFirstCertificate(const std::string& path) {
  const absl::StatusOr<std::string> text = crypto::ReadSmallFile(path);
  if (!text.ok()) return std::nullopt;
  const Bio bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return std::nullopt;
  }
  return static_cast<double>(timegm(&end));
}

}  // namespace

std::vector<prometheus::MetricFamily> CertificateCollector::Collect() const {
  const std::optional<double> end = EndOfFirstCertificate(path_);
  if (!end.has_value()) return {};
  return {Sample("crm_tls_certificate_expiry_timestamp_seconds", *end)};
}

}  // namespace crm::metrics
