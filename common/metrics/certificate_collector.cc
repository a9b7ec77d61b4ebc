#include "common/metrics/certificate_collector.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>

#include "common/crypto/openssl_ptr.h"
#include "common/crypto/secret_file.h"
#include "common/metrics/sample.h"

namespace crm::metrics {
namespace {

using Bio = crypto::OpenSslPtr<BIO, BIO_free>;
using Certificate = crypto::OpenSslPtr<X509, X509_free>;

// Of all certificates in the file, in seconds since 1970; what follows a broken one is not read.
std::vector<double> EndsOf(const std::string& path) {
  std::vector<double> ends;
  const absl::StatusOr<std::string> text = crypto::ReadSmallFile(path);
  if (!text.ok()) return ends;
  const Bio bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  for (;;) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    std::tm end{};
    if (certificate == nullptr ||
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
      ERR_clear_error();  // the end of the file is one
      return ends;
    }
    ends.push_back(static_cast<double>(timegm(&end)));
  }
}

}  // namespace

std::vector<prometheus::MetricFamily> CertificateCollector::Collect() const {
  prometheus::MetricFamily family = EmptyFamily("crm_tls_certificate_expiry_timestamp_seconds");
  for (const CertificateFile& file : files_) {
    const std::vector<double> ends = EndsOf(file.path);
    if (ends.empty()) continue;
    const bool first = file.kind == CertificateFile::Kind::kChain;
    AddSample(family, {{"setting", file.setting}},
              first ? *std::min_element(ends.begin(), ends.end())
                    : *std::max_element(ends.begin(), ends.end()));
  }
  if (family.metric.empty()) return {};
  return {std::move(family)};
}

}  // namespace crm::metrics
