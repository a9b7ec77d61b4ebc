// Verification of signed tokens (PLT-12): JSON Web Tokens with RS256, ES256 or EdDSA.
//
//   TokenVerifier verifier({.issuer = "https://id.example.com", .audience = "crm"}, *keys, clock);
//   CRM_ASSIGN_OR_RETURN(std::string_view token, BearerToken(authorization_metadata));
//   CRM_ASSIGN_OR_RETURN(std::shared_ptr<const Claims> claims, verifier.Verify(token));
//   Caller caller = MakeCaller(*claims, peer_address);
//
// A token must name its key (kid) and an algorithm that agrees with that key; issuer and audience
// must be ours; exp and sub must be there; nbf and iat, if there, must not lie ahead. Members given
// twice, critical extensions, other encodings of the same bytes and deep nesting are refused. The
// members jku, jwk and x5c of a header are never looked at: keys come from our file only.
//
// Errors: UNAUTHENTICATED with one of the reasons TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_EXPIRED,
// TOKEN_NOT_YET_VALID, TOKEN_SIGNATURE_INVALID, TOKEN_KEY_UNKNOWN, TOKEN_AUDIENCE_MISMATCH,
// TOKEN_ISSUER_MISMATCH. No message holds any part of the token.
// Thread-safe.
#ifndef CRM_COMMON_AUTH_JWT_H_
#define CRM_COMMON_AUTH_JWT_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/caller.h"
#include "common/auth/jwks.h"
#include "common/auth/token_cache.h"
#include "common/base/clock.h"

namespace crm::auth {

// What a genuine token says. The claims are called sub, kind (`user`, `service`; absent = user),
// roles (list of texts), team (text), jti and exp.
struct Claims {
  std::string subject;
  CallerKind kind = CallerKind::kUser;
  std::vector<std::string> roles;
  std::string team;
  std::string token_id;
  absl::Time expires_at;
  // The texts among the claims that TokenRules::extra_claims names.
  std::map<std::string, std::string> extras;
};

struct TokenRules {
  std::string issuer;
  std::string audience;
  // How far the clocks of issuer and server may differ.
  absl::Duration leeway = absl::Seconds(30);
  std::vector<std::string> extra_claims = {};
  // Longer tokens are refused unread.
  size_t max_token_bytes = 8192;
  // Verified tokens to remember.
  size_t cache_entries = 16384;
};

class TokenVerifier {
 public:
  // `keys` and `clock` outlive the verifier.
  TokenVerifier(TokenRules rules, JwksFile& keys, const Clock& clock);

  absl::StatusOr<std::shared_ptr<const Claims>> Verify(std::string_view token);

 private:
  absl::StatusOr<TokenCache::Entry> VerifyUncached(std::string_view token, absl::Time now);
  absl::Status CheckAddressees(const nlohmann::json& payload) const;
  absl::Status CheckTimes(const nlohmann::json& payload, absl::Time now,
                          TokenCache::Entry& entry) const;

  const TokenRules rules_;
  JwksFile& keys_;
  const Clock& clock_;
  TokenCache cache_;
};

// The token of an `authorization` value, `Bearer <token>`; TOKEN_MISSING if the value is empty,
// TOKEN_MALFORMED if it is anything else. A view into `authorization`.
absl::StatusOr<std::string_view> BearerToken(std::string_view authorization);

Caller MakeCaller(const Claims& claims, std::string_view remote);

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_JWT_H_
