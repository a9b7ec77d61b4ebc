#include "common/auth/local_issuer.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/crypto/openssl_ptr.h"
#include "common/crypto/secret.h"
#include "common/crypto/secret_file.h"
#include "common/error/error.h"
#include "nlohmann/json.hpp"

namespace crm::auth {
namespace {

using Json = nlohmann::json;
using crypto::Base64UrlEncode;
using crypto::Must;
using crypto::OpenSslPtr;
using Bio = OpenSslPtr<BIO, BIO_free_all>;

constexpr int kRsaBits = 2048;
constexpr int kP256Bytes = 32;

std::shared_ptr<EVP_PKEY> Owned(EVP_PKEY* key) {
  Must(key != nullptr, "key generation");
  return {key, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> NewKey(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return Owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{kRsaBits}));
    case Algorithm::kEs256:
      return Owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    case Algorithm::kEdDsa:
      return Owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  return nullptr;
}

std::optional<Algorithm> AlgorithmOf(const EVP_PKEY& key) {
  if (EVP_PKEY_is_a(&key, "RSA")) return Algorithm::kRs256;
  if (EVP_PKEY_is_a(&key, "EC") && EVP_PKEY_get_bits(&key) == 256) return Algorithm::kEs256;
  if (EVP_PKEY_is_a(&key, "ED25519")) return Algorithm::kEdDsa;
  return std::nullopt;
}

// r and s side by side, as tokens carry them.
std::string RawOf(const std::string& der) {
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  const OpenSslPtr<ECDSA_SIG, ECDSA_SIG_free> pair(
      d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  std::string raw(2 * kP256Bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, kP256Bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + kP256Bytes, kP256Bytes);
  return raw;
}

std::string PemOf(const EVP_PKEY& key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  Must(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

}  // namespace

LocalIssuer::LocalIssuer(std::string_view issuer, std::string_view audience, Algorithm algorithm,
                         std::shared_ptr<EVP_PKEY> key)
    : issuer_(issuer),
      audience_(audience),
      algorithm_(algorithm),
      key_(std::move(key)),
      kid_(Thumbprint(ToJwk(*key_))) {}

LocalIssuer LocalIssuer::Create(std::string_view issuer, std::string_view audience,
                                Algorithm algorithm) {
  return LocalIssuer(issuer, audience, algorithm, NewKey(algorithm));
}

absl::StatusOr<LocalIssuer> LocalIssuer::Load(const std::string& private_key_path,
                                              std::string_view issuer, std::string_view audience) {
  CRM_ASSIGN_OR_RETURN(std::string pem, crypto::ReadSmallFile(private_key_path));
  const crypto::CleanseOnExit cleanse(pem);
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr),
                                EVP_PKEY_free);
  const auto algorithm = key ? AlgorithmOf(*key) : std::nullopt;
  if (!algorithm) {
    return Error(absl::StatusCode::kFailedPrecondition, "ISSUER_KEY_INVALID",
                 absl::StrCat("file ", private_key_path,
                              ": is not a PEM private key of type RSA, P-256 or Ed25519"));
  }
  return LocalIssuer(issuer, audience, *algorithm, std::move(key));
}

std::string LocalIssuer::Issue(const TokenRequest& request, absl::Time now) const {
  const Json header = {{"alg", AlgorithmName(algorithm_)}, {"kid", kid_}, {"typ", "JWT"}};
  Json payload = {{"iss", issuer_},
                  {"aud", audience_},
                  {"sub", request.subject},
                  {"kind", request.kind == CallerKind::kService ? "service" : "user"},
                  {"roles", request.roles},
                  {"iat", absl::ToUnixSeconds(now)},
                  {"exp", absl::ToUnixSeconds(now + request.lifetime)},
                  {"jti", Base64UrlEncode(crypto::RandomBytes(12))}};
  if (!request.team.empty()) payload["team"] = request.team;
  return SignToken(header.dump(), payload.dump());
}

std::string LocalIssuer::SignToken(std::string_view header, std::string_view payload) const {
  const std::string text = absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
  return absl::StrCat(text, ".", Base64UrlEncode(Signature(text)));
}

std::string LocalIssuer::Jwks() const {
  Json jwk = ToJwk(*key_);
  jwk["kid"] = kid_;
  jwk["alg"] = AlgorithmName(algorithm_);
  jwk["use"] = "sig";
  return Json{{"keys", Json::array({jwk})}}.dump(2) + "\n";
}

absl::Status LocalIssuer::WriteFiles(const std::string& jwks_path,
                                     const std::string& private_key_path) const {
  std::string pem = PemOf(*key_);
  const crypto::CleanseOnExit cleanse(pem);
  CRM_RETURN_IF_ERROR(crypto::ReplaceSecretFile(private_key_path, pem));
  CRM_RETURN_IF_ERROR(crypto::ReplaceSecretFile(jwks_path, Jwks()));
  std::error_code error;
  using std::filesystem::perms;
  std::filesystem::permissions(
      jwks_path, perms::owner_read | perms::owner_write | perms::group_read | perms::others_read,
      error);
  if (!error) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
               absl::StrCat("file ", jwks_path, ": ", error.message()));
}

std::string LocalIssuer::Signature(std::string_view text) const {
  const char* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : "SHA256";
  const OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  Must(EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key_.get(),
                             nullptr) == 1,
       "EVP_DigestSignInit_ex");
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  Must(EVP_DigestSign(context.get(), nullptr, &size, in, text.size()) == 1, "EVP_DigestSign");
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  Must(EVP_DigestSign(context.get(), out, &size, in, text.size()) == 1, "EVP_DigestSign");
  signature.resize(size);
  return algorithm_ == Algorithm::kEs256 ? RawOf(signature) : signature;
}

}  // namespace crm::auth
