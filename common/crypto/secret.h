// A 256-bit key that erases itself. It cannot be copied, printed or compared by accident.
#ifndef CRM_COMMON_CRYPTO_SECRET_H_
#define CRM_COMMON_CRYPTO_SECRET_H_

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace crm::crypto {

class SecretKey {
 public:
  static constexpr size_t kBytes = 32;

  // All zero, to be filled through data().
  SecretKey() = default;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  SecretKey(SecretKey&& other) noexcept { *this = std::move(other); }
  SecretKey& operator=(SecretKey&& other) noexcept {
    if (this == &other) return *this;
    bytes_ = other.bytes_;
    OPENSSL_cleanse(other.bytes_.data(), kBytes);
    return *this;
  }
  ~SecretKey() { OPENSSL_cleanse(bytes_.data(), kBytes); }

  // From the machine's random source.
  static SecretKey Random();

  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(data()), kBytes}; }

 private:
  std::array<uint8_t, kBytes> bytes_{};
};

// Erases the text when the scope ends, whichever way it ends.
class CleanseOnExit {
 public:
  explicit CleanseOnExit(std::string& text) : text_(text) {}
  CleanseOnExit(const CleanseOnExit&) = delete;
  CleanseOnExit& operator=(const CleanseOnExit&) = delete;
  ~CleanseOnExit() { OPENSSL_cleanse(text_.data(), text_.size()); }

 private:
  std::string& text_;
};

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_SECRET_H_
