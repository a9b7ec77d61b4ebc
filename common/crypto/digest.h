// SHA-256, comparison in constant time, and the URL-safe base64 of tokens. Thread-safe.
//
//   std::string page_token = Base64UrlEncode(body + keyring.Sign("page_token", body));
#ifndef CRM_COMMON_CRYPTO_DIGEST_H_
#define CRM_COMMON_CRYPTO_DIGEST_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace crm::crypto {

inline constexpr size_t kSha256Bytes = 32;

// 32 raw bytes.
std::string Sha256(std::string_view data);

// The same over bytes that come in pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();

  void Add(std::string_view data);
  // 32 raw bytes; once.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether both are equal; the time taken depends on the lengths only.
bool EqualInConstantTime(std::string_view a, std::string_view b);

// RFC 4648 section 5 without padding.
std::string Base64UrlEncode(std::string_view bytes);

// The reverse. Only the one text that Base64UrlEncode gives is accepted: no padding, no white
// space, no other alphabet, no stray bits at the end.
std::optional<std::string> Base64UrlDecode(std::string_view text);

// From the machine's random source.
std::string RandomBytes(size_t count);

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_DIGEST_H_
