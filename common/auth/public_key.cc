#include "common/auth/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/openssl_ptr.h"
#include "nlohmann/json.hpp"

namespace crm::auth {
namespace {

using Json = nlohmann::json;
using crypto::Must;
using crypto::OpenSslPtr;
using BigNumber = OpenSslPtr<BIGNUM, BN_free>;
using ParamBuilder = OpenSslPtr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = OpenSslPtr<OSSL_PARAM, OSSL_PARAM_free>;
using PKey = OpenSslPtr<EVP_PKEY, EVP_PKEY_free>;
using PKeyContext = OpenSslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr size_t kFieldBytes = 32;  // a coordinate or scalar of P-256, an Ed25519 key
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // larger keys make every check slow

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status Invalid(std::string_view what) {
  return absl::InvalidArgumentError(absl::string_view(what.data(), what.size()));
}

// A member that is a text, otherwise empty.
std::string Text(const Json& jwk, const char* name) {
  const auto found = jwk.find(name);
  return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
}

absl::StatusOr<std::string> Base64Member(const Json& jwk, const char* name) {
  std::optional<std::string> bytes = crypto::Base64UrlDecode(Text(jwk, name));
  if (!bytes || bytes->empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, " must be base64url"));
  }
  return *std::move(bytes);
}

absl::StatusOr<std::string> FieldMember(const Json& jwk, const char* name) {
  CRM_ASSIGN_OR_RETURN(const std::string bytes, Base64Member(jwk, name));
  if (bytes.size() != kFieldBytes) {
    return absl::InvalidArgumentError(absl::StrCat(name, " must be 32 bytes"));
  }
  return bytes;
}

// Null if OpenSSL finds the numbers impossible.
PKey FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  PKey owned(key);
  const PKeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return owned;
}

absl::StatusOr<PKey> RsaKey(const Json& jwk) {
  CRM_ASSIGN_OR_RETURN(const std::string modulus, Base64Member(jwk, "n"));
  CRM_ASSIGN_OR_RETURN(const std::string exponent, Base64Member(jwk, "e"));
  if (modulus.size() * 8 > kMaxRsaBits) return Invalid("the RSA key is longer than 8192 bits");
  if (exponent.size() > 8) return Invalid("e is too large");
  const BigNumber n(BN_bin2bn(Bytes(modulus), static_cast<int>(modulus.size()), nullptr));
  const BigNumber e(BN_bin2bn(Bytes(exponent), static_cast<int>(exponent.size()), nullptr));
  if (BN_num_bits(n.get()) < kMinRsaBits) return Invalid("the RSA key is shorter than 2048 bits");
  if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get())) {
    return Invalid("n and e must be odd and e more than 1");
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  PKey key = FromParams("RSA", builder.get());
  if (!key) return Invalid("n and e are not an RSA key");
  return key;
}

absl::StatusOr<PKey> EcKey(const Json& jwk) {
  CRM_ASSIGN_OR_RETURN(const std::string x, FieldMember(jwk, "x"));
  CRM_ASSIGN_OR_RETURN(const std::string y, FieldMember(jwk, "y"));
  const std::string point = absl::StrCat("\x04", x, y);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  PKey key = FromParams("EC", builder.get());
  if (!key) return Invalid("x and y are not a point of P-256");
  return key;
}

absl::StatusOr<PKey> Ed25519Key(const Json& jwk) {
  CRM_ASSIGN_OR_RETURN(const std::string x, FieldMember(jwk, "x"));
  PKey key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, Bytes(x), x.size()));
  if (!key) return Invalid("x is not an Ed25519 key");
  return key;
}

// The algorithm that goes with the type and curve, if it is one of ours.
std::optional<Algorithm> AlgorithmOf(const Json& jwk) {
  const std::string type = Text(jwk, "kty");
  const std::string curve = Text(jwk, "crv");
  if (type == "RSA") return Algorithm::kRs256;
  if (type == "EC" && curve == "P-256") return Algorithm::kEs256;
  if (type == "OKP" && curve == "Ed25519") return Algorithm::kEdDsa;
  return std::nullopt;
}

// Whether the key's own members allow checking signatures with the algorithm.
bool AllowsVerifying(const Json& jwk, Algorithm algorithm) {
  if (jwk.contains("alg") && Text(jwk, "alg") != AlgorithmName(algorithm)) return false;
  if (jwk.contains("use") && Text(jwk, "use") != "sig") return false;
  if (!jwk.contains("key_ops")) return true;
  const Json& uses = jwk["key_ops"];
  return uses.is_array() && std::find(uses.begin(), uses.end(), "verify") != uses.end();
}

absl::StatusOr<PKey> KeyOf(const Json& jwk, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return RsaKey(jwk);
    case Algorithm::kEs256:
      return EcKey(jwk);
    case Algorithm::kEdDsa:
      return Ed25519Key(jwk);
  }
  return Invalid("unknown algorithm");
}

// Tokens carry r and s side by side; OpenSSL wants them in DER. Empty if they are not 64 bytes.
std::string DerOf(std::string_view signature) {
  if (signature.size() != 2 * kFieldBytes) return "";
  const OpenSslPtr<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(Bytes(signature), kFieldBytes, nullptr),
                 BN_bin2bn(Bytes(signature) + kFieldBytes, kFieldBytes, nullptr));
  std::string der(static_cast<size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(pair.get(), &out);
  return der;
}

std::string BigNumberMember(const EVP_PKEY& key, const char* name, size_t pad_to) {
  BIGNUM* raw = nullptr;
  Must(EVP_PKEY_get_bn_param(&key, name, &raw) == 1, "EVP_PKEY_get_bn_param");
  const BigNumber number(raw);
  const size_t size = std::max(pad_to, static_cast<size_t>(BN_num_bytes(raw)));
  std::string bytes(size, '\0');
  BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
  return crypto::Base64UrlEncode(bytes);
}

}  // namespace

std::string_view AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kEdDsa:
      return "EdDSA";
  }
  return "";
}

absl::StatusOr<std::optional<PublicKey>> PublicKey::FromJwk(const Json& jwk) {
  const std::optional<Algorithm> algorithm = AlgorithmOf(jwk);
  if (!algorithm || !AllowsVerifying(jwk, *algorithm)) return std::optional<PublicKey>();
  if (jwk.contains("d")) return Invalid("is a private key; publish its public half only");
  CRM_ASSIGN_OR_RETURN(PKey key, KeyOf(jwk, *algorithm));
  return std::optional<PublicKey>(
      PublicKey(*algorithm, std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free)));
}

bool PublicKey::Verifies(std::string_view text, std::string_view signature) const {
  std::string der;
  if (algorithm_ == Algorithm::kEs256) {
    der = DerOf(signature);
    signature = der;
  }
  if (signature.empty()) return false;
  const char* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : "SHA256";
  const DigestContext context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key_.get(),
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text),
                          text.size()) == 1;
}

Json ToJwk(const EVP_PKEY& key) {
  if (EVP_PKEY_is_a(&key, "RSA")) {
    return {{"kty", "RSA"},
            {"n", BigNumberMember(key, OSSL_PKEY_PARAM_RSA_N, 0)},
            {"e", BigNumberMember(key, OSSL_PKEY_PARAM_RSA_E, 0)}};
  }
  if (EVP_PKEY_is_a(&key, "EC")) {
    return {{"kty", "EC"},
            {"crv", "P-256"},
            {"x", BigNumberMember(key, OSSL_PKEY_PARAM_EC_PUB_X, kFieldBytes)},
            {"y", BigNumberMember(key, OSSL_PKEY_PARAM_EC_PUB_Y, kFieldBytes)}};
  }
  std::string raw(kFieldBytes, '\0');
  size_t size = raw.size();
  Must(EVP_PKEY_get_raw_public_key(&key, reinterpret_cast<unsigned char*>(raw.data()), &size) == 1,
       "EVP_PKEY_get_raw_public_key");
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", crypto::Base64UrlEncode(raw)}};
}

std::string Thumbprint(const Json& jwk) {
  Json canonical;  // nlohmann keeps members in lexical order, as RFC 7638 asks
  for (const char* name : {"crv", "e", "kty", "n", "x", "y"}) {
    if (jwk.contains(name)) canonical[name] = jwk[name];
  }
  return crypto::Base64UrlEncode(crypto::Sha256(canonical.dump()));
}

}  // namespace crm::auth
