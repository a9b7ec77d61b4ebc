#include "common/auth/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/strict_json.h"
#include "common/error/error.h"
#include "nlohmann/json.hpp"

namespace crm::auth {
namespace {

using Json = nlohmann::json;

constexpr crypto::JsonLimits kJsonLimits{.max_bytes = 16384, .max_depth = 8};
constexpr size_t kMaxHeaderBytes = 1024;
constexpr size_t kMaxSubjectBytes = 128;
constexpr size_t kMaxRoles = 64;
constexpr size_t kMaxNameBytes = 64;
constexpr double kMaxUnixSeconds = 253'402'300'799.0;  // the end of the year 9999

absl::Status Unauthenticated(std::string_view reason, std::string_view message) {
  return Error(absl::StatusCode::kUnauthenticated, reason, message);
}

absl::Status Malformed(std::string_view message) {
  return Unauthenticated("TOKEN_MALFORMED", message);
}

// A token taken apart; views into it.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  // Header and payload with the dot between them.
  std::string_view signed_text;
};

absl::StatusOr<Parts> Split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    return Malformed("a token has three parts");
  }
  return Parts{.header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signed_text = token.substr(0, second)};
}

absl::StatusOr<Json> DecodeObject(std::string_view part) {
  const std::optional<std::string> text = crypto::Base64UrlDecode(part);
  if (!text) return Malformed("a part of the token is not base64url");
  auto json = crypto::ParseStrictJson(*text, kJsonLimits);
  if (!json.ok() || !json->is_object()) {
    return Malformed("a part of the token is not a well-formed JSON object");
  }
  return *std::move(json);
}

// The text of a member; nothing if it is absent or not a text.
std::optional<std::string_view> Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>();
}

// Visible ASCII: what identifiers are made of, and safe in logs and audit.
bool IsIdentifier(std::string_view text, size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

struct Header {
  std::string algorithm;
  std::string kid;
};

absl::StatusOr<Header> ReadHeader(std::string_view part) {
  if (part.size() > kMaxHeaderBytes) return Malformed("the token's header is too long");
  CRM_ASSIGN_OR_RETURN(const Json json, DecodeObject(part));
  const auto algorithm = Text(json, "alg");
  const auto kid = Text(json, "kid");
  if (!algorithm) return Malformed("the token names no algorithm");
  if (!kid || kid->empty()) return Malformed("the token names no key (kid)");
  if (json.contains("crit")) return Malformed("the token has critical extensions");
  if (json.contains("typ")) {
    const auto type = Text(json, "typ");
    if (!type || (!absl::EqualsIgnoreCase(ToAbsl(*type), "JWT") &&
                  !absl::EqualsIgnoreCase(ToAbsl(*type), "at+jwt"))) {
      return Malformed("the token is not of type JWT");
    }
  }
  return Header{std::string(*algorithm), std::string(*kid)};
}

// Nothing if absent; TOKEN_MALFORMED if it is no sensible number of seconds.
absl::StatusOr<std::optional<absl::Time>> ReadTime(const Json& payload, const char* name) {
  const auto found = payload.find(name);
  if (found == payload.end()) return std::optional<absl::Time>();
  if (!found->is_number()) return Malformed("a time of the token is not a number");
  const double seconds = found->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kMaxUnixSeconds) {
    return Malformed("a time of the token is out of range");
  }
  return std::optional<absl::Time>(absl::UnixEpoch() + absl::Seconds(seconds));
}

bool IsAmong(const Json& audience, const std::string& wanted) {
  if (audience.is_string()) return audience.get_ref<const std::string&>() == wanted;
  return audience.is_array() &&
         std::find(audience.begin(), audience.end(), wanted) != audience.end();
}

absl::StatusOr<std::vector<std::string>> ReadRoles(const Json& payload) {
  std::vector<std::string> roles;
  const auto found = payload.find("roles");
  if (found == payload.end()) return roles;
  if (!found->is_array() || found->size() > kMaxRoles) {
    return Malformed("roles must be a list of at most 64 texts");
  }
  for (const Json& role : *found) {
    if (!role.is_string() || !IsIdentifier(role.get_ref<const std::string&>(), kMaxNameBytes)) {
      return Malformed("each of the roles must be an identifier");
    }
    roles.push_back(role.get<std::string>());
  }
  return roles;
}

absl::StatusOr<CallerKind> ReadKind(const Json& payload) {
  if (!payload.contains("kind")) return CallerKind::kUser;
  const auto kind = Text(payload, "kind");
  if (kind == "user") return CallerKind::kUser;
  if (kind == "service") return CallerKind::kService;
  return Malformed("kind must be user or service");
}

// An identifier that may be absent; then empty.
absl::StatusOr<std::string> ReadOptionalName(const Json& payload, const char* name) {
  if (!payload.contains(name)) return std::string();
  const auto text = Text(payload, name);
  if (!text || !IsIdentifier(*text, kMaxSubjectBytes)) {
    return Malformed("team and jti must be identifiers");
  }
  return std::string(*text);
}

absl::StatusOr<Claims> ReadClaims(const Json& payload, const std::vector<std::string>& extras) {
  Claims claims;
  const auto subject = Text(payload, "sub");
  if (!subject || !IsIdentifier(*subject, kMaxSubjectBytes)) {
    return Malformed("the token's subject must be an identifier of 1 to 128 characters");
  }
  claims.subject = std::string(*subject);
  CRM_ASSIGN_OR_RETURN(claims.kind, ReadKind(payload));
  CRM_ASSIGN_OR_RETURN(claims.roles, ReadRoles(payload));
  CRM_ASSIGN_OR_RETURN(claims.team, ReadOptionalName(payload, "team"));
  CRM_ASSIGN_OR_RETURN(claims.token_id, ReadOptionalName(payload, "jti"));
  for (const std::string& name : extras) {
    if (const auto text = Text(payload, name.c_str())) claims.extras[name] = std::string(*text);
  }
  return claims;
}

}  // namespace

TokenVerifier::TokenVerifier(TokenRules rules, JwksFile& keys, const Clock& clock)
    : rules_(std::move(rules)), keys_(keys), clock_(clock), cache_(rules_.cache_entries) {}

absl::StatusOr<std::shared_ptr<const Claims>> TokenVerifier::Verify(std::string_view token) {
  if (token.empty()) return Unauthenticated("TOKEN_MISSING", "the call carries no token");
  if (token.size() > rules_.max_token_bytes) return Malformed("the token is too long");
  keys_.RefreshIfDue();
  const absl::Time now = clock_.Now();
  if (auto claims = cache_.Find(token, keys_.generation(), now)) return claims;
  CRM_ASSIGN_OR_RETURN(TokenCache::Entry entry, VerifyUncached(token, now));
  auto claims = entry.claims;
  cache_.Insert(token, std::move(entry));
  return claims;
}

absl::StatusOr<TokenCache::Entry> TokenVerifier::VerifyUncached(std::string_view token,
                                                                absl::Time now) {
  TokenCache::Entry entry;
  CRM_ASSIGN_OR_RETURN(const Parts parts, Split(token));
  CRM_ASSIGN_OR_RETURN(const Header header, ReadHeader(parts.header));
  const std::optional<std::string> signature = crypto::Base64UrlDecode(parts.signature);
  if (!signature) return Malformed("the token's signature is not base64url");
  // Read before the key: if the keys change in between, the entry is already out of date.
  entry.key_generation = keys_.generation();
  std::optional<PublicKey> key = keys_.Find(header.kid);
  if (!key) return Unauthenticated("TOKEN_KEY_UNKNOWN", "the token names a key that is not known");
  if (header.algorithm != AlgorithmName(key->algorithm())) {
    return Unauthenticated("TOKEN_SIGNATURE_INVALID", "the token's algorithm is not its key's");
  }
  if (!key->Verifies(parts.signed_text, *signature)) {
    return Unauthenticated("TOKEN_SIGNATURE_INVALID", "the token's signature is wrong");
  }
  CRM_ASSIGN_OR_RETURN(const Json payload, DecodeObject(parts.payload));
  CRM_RETURN_IF_ERROR(CheckAddressees(payload));
  CRM_RETURN_IF_ERROR(CheckTimes(payload, now, entry));
  CRM_ASSIGN_OR_RETURN(Claims claims, ReadClaims(payload, rules_.extra_claims));
  claims.expires_at = entry.valid_until;
  entry.claims = std::make_shared<const Claims>(std::move(claims));
  return entry;
}

absl::Status TokenVerifier::CheckAddressees(const Json& payload) const {
  if (Text(payload, "iss") != rules_.issuer) {
    return Unauthenticated("TOKEN_ISSUER_MISMATCH", "the token was issued by somebody else");
  }
  if (!payload.contains("aud") || !IsAmong(payload["aud"], rules_.audience)) {
    return Unauthenticated("TOKEN_AUDIENCE_MISMATCH", "the token is meant for somebody else");
  }
  return absl::OkStatus();
}

absl::Status TokenVerifier::CheckTimes(const Json& payload, absl::Time now,
                                       TokenCache::Entry& entry) const {
  CRM_ASSIGN_OR_RETURN(const auto expires, ReadTime(payload, "exp"));
  CRM_ASSIGN_OR_RETURN(const auto not_before, ReadTime(payload, "nbf"));
  CRM_ASSIGN_OR_RETURN(const auto issued, ReadTime(payload, "iat"));
  if (!expires) return Malformed("the token never expires");
  if (issued && *issued > *expires) return Malformed("the token expired before it was issued");
  entry.valid_until = *expires + rules_.leeway;
  entry.valid_from =
      std::max(not_before.value_or(absl::InfinitePast()), issued.value_or(absl::InfinitePast())) -
      rules_.leeway;
  if (now >= entry.valid_until) return Unauthenticated("TOKEN_EXPIRED", "the token has expired");
  if (now < entry.valid_from) {
    return Unauthenticated("TOKEN_NOT_YET_VALID", "the token is not valid yet");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.empty()) return Unauthenticated("TOKEN_MISSING", "the call carries no token");
  if (!absl::StartsWithIgnoreCase(ToAbsl(authorization), ToAbsl(kScheme))) {
    return Malformed("the authorization is not of the form: Bearer <token>");
  }
  const std::string_view token = authorization.substr(kScheme.size());
  if (token.empty()) return Unauthenticated("TOKEN_MISSING", "the call carries no token");
  return token;
}

Caller MakeCaller(const Claims& claims, std::string_view remote) {
  return Caller{.id = claims.subject,
                .kind = claims.kind,
                .roles = claims.roles,
                .team = claims.team,
                .token_id = claims.token_id,
                .remote = std::string(remote),
                .expires_at = claims.expires_at};
}

}  // namespace crm::auth
