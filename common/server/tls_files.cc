#include "common/server/tls_files.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/openssl_ptr.h"
#include "common/crypto/secret.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"

namespace crm::server {
namespace {

using Certificate = crypto::OpenSslPtr<X509, X509_free>;
using PrivateKey = crypto::OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
using Bio = crypto::OpenSslPtr<BIO, BIO_free>;

absl::Status Invalid(std::string_view setting, std::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, "TLS_FILES_INVALID",
               absl::StrCat(ToAbsl(setting), ": ", ToAbsl(what)));
}

// No question on the terminal for an encrypted key.
int NoPassphrase(char*, int, int, void*) { return 0; }

Bio Memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<Certificate> ReadCertificate(std::string_view setting, const std::string& path) {
  const absl::StatusOr<std::string> text = crypto::ReadSmallFile(path);
  if (!text.ok()) return Invalid(setting, ToStd(text.status().message()));
  Certificate certificate(PEM_read_bio_X509(Memory(*text).get(), nullptr, NoPassphrase, nullptr));
  if (certificate == nullptr) return Invalid(setting, "no PEM certificate in the file");
  return certificate;
}

absl::StatusOr<PrivateKey> ReadPrivateKey(std::string_view setting, const std::string& path) {
  absl::StatusOr<std::string> text = crypto::ReadSmallFile(path);
  if (!text.ok()) return Invalid(setting, ToStd(text.status().message()));
  const crypto::CleanseOnExit cleanse(*text);
  PrivateKey key(PEM_read_bio_PrivateKey(Memory(*text).get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Invalid(setting, "no PEM private key without passphrase in the file");
  return key;
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& files) {
  if (!files.enabled()) {
    if (files.private_key.empty() && files.client_ca.empty()) return absl::OkStatus();
    return Invalid("tls-certificate", "must be set with tls-key or tls-client-ca");
  }
  CRM_ASSIGN_OR_RETURN(const Certificate certificate,
                       ReadCertificate("tls-certificate", files.certificate));
  CRM_ASSIGN_OR_RETURN(const PrivateKey key, ReadPrivateKey("tls-key", files.private_key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Invalid("tls-key", "is not the key of tls-certificate");
  }
  if (files.client_ca.empty()) return absl::OkStatus();
  return CheckAuthorities("tls-client-ca", files.client_ca);
}

absl::Status CheckAuthorities(std::string_view setting, const std::string& path) {
  return ReadCertificate(setting, path).status();
}

}  // namespace crm::server
