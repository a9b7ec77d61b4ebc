// Owning pointers for OpenSSL objects.
//
//   OpenSslPtr<EVP_PKEY, EVP_PKEY_free> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
#ifndef CRM_COMMON_CRYPTO_OPENSSL_PTR_H_
#define CRM_COMMON_CRYPTO_OPENSSL_PTR_H_

#include <memory>

namespace crm::crypto {

template <auto kFree>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

template <typename T, auto kFree>
using OpenSslPtr = std::unique_ptr<T, OpenSslFree<kFree>>;

// Stops the process. For calls that fail only when memory is gone or the library is broken; going
// on would mean storing a value that nobody protected.
[[noreturn]] void CryptoFailure(const char* what);

inline void Must(bool succeeded, const char* what) {
  if (!succeeded) CryptoFailure(what);
}

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_OPENSSL_PTR_H_
