// An identity provider for local runs and tests: makes a key, publishes it as a JWKS file and signs
// tokens. Never part of a deployment: there tokens come from the company's identity provider.
//
//   CRM_ASSIGN_OR_RETURN(LocalIssuer issuer, LocalIssuer::Create("https://local", "crm"));
//   CRM_RETURN_IF_ERROR(issuer.WriteFiles("build/run/jwks.json", "build/run/issuer.pem"));
//   std::string token = issuer.Issue({.subject = "li.lei", .roles = {"sales_director"}}, now);
//
// Thread-safe.
#ifndef CRM_COMMON_AUTH_LOCAL_ISSUER_H_
#define CRM_COMMON_AUTH_LOCAL_ISSUER_H_

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/auth/public_key.h"

namespace crm::auth {

struct TokenRequest {
  std::string subject;
  std::vector<std::string> roles = {};
  std::string team = {};
  CallerKind kind = CallerKind::kUser;
  absl::Duration lifetime = absl::Hours(8);
};

class LocalIssuer {
 public:
  // With a fresh key. `issuer` and `audience` go into every token.
  static LocalIssuer Create(std::string_view issuer, std::string_view audience,
                            Algorithm algorithm = Algorithm::kEdDsa);
  // With the private key that WriteFiles wrote. Errors: those of secret_file.h, and
  // FAILED_PRECONDITION with reason ISSUER_KEY_INVALID.
  static absl::StatusOr<LocalIssuer> Load(const std::string& private_key_path,
                                          std::string_view issuer, std::string_view audience);

  std::string Issue(const TokenRequest& request, absl::Time now) const;

  // Signs a header and a payload given as JSON text, whatever they say.
  std::string SignToken(std::string_view header, std::string_view payload) const;

  // The public key set.
  std::string Jwks() const;
  // The id of the key: its RFC 7638 thumbprint.
  const std::string& kid() const { return kid_; }
  Algorithm algorithm() const { return algorithm_; }

  // Writes (or replaces) the public key set and the private key, PKCS #8 PEM with mode 0600.
  absl::Status WriteFiles(const std::string& jwks_path, const std::string& private_key_path) const;

 private:
  LocalIssuer(std::string_view issuer, std::string_view audience, Algorithm algorithm,
              std::shared_ptr<EVP_PKEY> key);

  std::string Signature(std::string_view text) const;

  std::string issuer_;
  std::string audience_;
  Algorithm algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
  std::string kid_;
};

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_LOCAL_ISSUER_H_
