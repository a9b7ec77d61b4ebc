// Certificates for the tests of this folder, made in memory and written where TLS looks for them.
#ifndef CRM_COMMON_SERVER_TLS_IDENTITY_H_
#define CRM_COMMON_SERVER_TLS_IDENTITY_H_

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <string>

#include "common/crypto/openssl_ptr.h"

namespace crm::server {

// A key and its certificate, signed by itself or by another authority.
class Identity {
 public:
  explicit Identity(const std::string& name, const Identity* authority = nullptr)
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), certificate_(X509_new()) {
    X509* const x509 = certificate_.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), authority == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 24 * 3600);
    X509_set_pubkey(x509, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    const Identity& issuer = authority == nullptr ? *this : *authority;
    X509_set_issuer_name(x509, X509_get_subject_name(issuer.certificate_.get()));
    AddExtension(NID_basic_constraints, authority == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    AddExtension(NID_subject_alt_name, "DNS:" + name);
    X509_sign(x509, issuer.key_.get(), EVP_sha256());
  }

  // Paths without their endings .crt and .key.
  void Write(const std::filesystem::path& path) const {
    const Bio certificate(BIO_new_file((path.string() + ".crt").c_str(), "w"));
    PEM_write_bio_X509(certificate.get(), certificate_.get());
    const Bio key(BIO_new_file((path.string() + ".key").c_str(), "w"));
    PEM_write_bio_PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }

 private:
  using Key = crypto::OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
  using Certificate = crypto::OpenSslPtr<X509, X509_free>;
  using Bio = crypto::OpenSslPtr<BIO, BIO_free>;

  void AddExtension(int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  Key key_;
  Certificate certificate_;
};

}  // namespace crm::server

#endif  // CRM_COMMON_SERVER_TLS_IDENTITY_H_
