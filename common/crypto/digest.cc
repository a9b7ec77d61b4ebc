#include "common/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "common/base/absl_view.h"
#include "common/crypto/openssl_ptr.h"
#include "common/crypto/secret.h"

namespace crm::crypto {
namespace {

// Fetching an algorithm costs more than hashing a short text.
const EVP_MD* FetchedSha256() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Must(md != nullptr, "EVP_MD_fetch");
  return md;
}

bool IsBase64UrlCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

void FillRandom(void* out, size_t count) {
  Must(RAND_bytes(static_cast<unsigned char*>(out), static_cast<int>(count)) == 1, "RAND_bytes");
}

}  // namespace

void CryptoFailure(const char* what) {
  std::fprintf(stderr, "crypto: %s failed\n", what);
  std::abort();
}

SecretKey SecretKey::Random() {
  SecretKey key;
  FillRandom(key.data(), kBytes);
  return key;
}

std::string Sha256(std::string_view data) {
  thread_local const OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  std::string digest(kSha256Bytes, '\0');
  const bool done =
      EVP_DigestInit_ex2(context.get(), FetchedSha256(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) ==
          1;
  Must(done, "SHA-256");
  return digest;
}

struct Sha256Stream::State {
  const OpenSslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  Must(EVP_DigestInit_ex2(state_->context.get(), FetchedSha256(), nullptr) == 1, "SHA-256");
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Add(std::string_view data) {
  Must(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) == 1, "SHA-256");
}

std::string Sha256Stream::Finish() {
  std::string digest(kSha256Bytes, '\0');
  Must(EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                          nullptr) == 1,
       "SHA-256");
  return digest;
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string Base64UrlEncode(std::string_view bytes) {
  return absl::WebSafeBase64Escape(ToAbsl(bytes));
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  for (const char c : text) {
    if (!IsBase64UrlCharacter(c)) return std::nullopt;
  }
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(ToAbsl(text), &bytes)) return std::nullopt;
  if (Base64UrlEncode(bytes) != text) return std::nullopt;
  return bytes;
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  FillRandom(bytes.data(), count);
  return bytes;
}

}  // namespace crm::crypto
