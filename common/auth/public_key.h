// A public key that checks the signatures of tokens: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA),
// read from a JSON Web Key (RFC 7517, 8037).
//
// A key has exactly one algorithm, which follows from its type: what a token's header claims can
// only agree with it or be refused. There is neither `none` nor any keyed hash.
//
// Why not a package: Debian 12's libcpp-jwt knows neither EdDSA nor key sets and lets the header
// choose the algorithm, so the checks are ours and the arithmetic is OpenSSL's.
//
// Immutable, thread-safe, cheap to copy.
#ifndef CRM_COMMON_AUTH_PUBLIC_KEY_H_
#define CRM_COMMON_AUTH_PUBLIC_KEY_H_

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace crm::auth {

enum class Algorithm { kRs256, kEs256, kEdDsa };

// The name in a token's header: RS256, ES256, EdDSA.
std::string_view AlgorithmName(Algorithm algorithm);

class PublicKey {
 public:
  // Nothing for a key that is not for us: another type, curve, algorithm or use. INVALID_ARGUMENT
  // that says what is wrong for one that is: RSA of less than 2048 or more than 8192 bits, a point
  // off the curve, a private key. `jwk` is an object.
  static absl::StatusOr<std::optional<PublicKey>> FromJwk(const nlohmann::json& jwk);

  // Whether `signature` (raw bytes as in a token) is this key's over `text`.
  bool Verifies(std::string_view text, std::string_view signature) const;

  Algorithm algorithm() const { return algorithm_; }

 private:
  PublicKey(Algorithm algorithm, std::shared_ptr<EVP_PKEY> key)
      : algorithm_(algorithm), key_(std::move(key)) {}

  Algorithm algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

// The public JSON Web Key of any of the three types, without kid, alg or use.
nlohmann::json ToJwk(const EVP_PKEY& key);

// RFC 7638: SHA-256 of the canonical key, base64url. A key's natural kid.
std::string Thumbprint(const nlohmann::json& jwk);

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_PUBLIC_KEY_H_
