// Encryption of values at rest, look-up hashes and short signatures (PLT-15, PLT-4).
//
//   CRM_ASSIGN_OR_RETURN(auto keyring, Keyring::Load("/etc/crm/keys/keys.json"));
//   row.phone = keyring->Encrypt(phone, "customers.phone|4611686018427387904");
//   row.phone_hash = keyring->LookupHash("customers.phone", phone);
//   CRM_ASSIGN_OR_RETURN(std::string phone, keyring->Decrypt(row.phone, "customers.phone|…"));
//
// Ciphertext: version (1 byte, 1), data key id (4, big-endian), random nonce (12), AES-256-GCM
// ciphertext (as long as the value), tag (16); 33 bytes more than the value. The aad ties a value
// to its place: name table, column and row in it, and a value moved elsewhere does not decrypt.
// Random nonces allow 2^32 values per data key: rotate before that. Equal values give different
// ciphertexts; equality is looked up by LookupHash, whose key must never change.
//
// Errors of Decrypt: DATA_LOSS with reason CIPHERTEXT_MALFORMED or CIPHERTEXT_INVALID (altered, or
// another aad), FAILED_PRECONDITION with CIPHERTEXT_KEY_UNKNOWN.
//
// Thread-safe. Threads work on one of several slots with their own OpenSSL contexts, so they seldom
// wait for each other; the contexts die with the keyring. Keys are erased on destruction.
#ifndef CRM_COMMON_CRYPTO_KEYRING_H_
#define CRM_COMMON_CRYPTO_KEYRING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/key_file.h"

namespace crm::crypto {

class Keyring {
 public:
  static constexpr size_t kOverheadBytes = 1 + 4 + 12 + 16;
  static constexpr size_t kLookupHashBytes = 16;
  static constexpr size_t kSignatureBytes = 16;
  // Longer values stop the process: the API's bounds (PLT-9) lie far below.
  static constexpr size_t kMaxValueBytes = size_t{1} << 30;

  static absl::StatusOr<std::unique_ptr<Keyring>> Load(const std::string& path);
  ~Keyring();
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  // Takes over the data keys of the file as it is now, without stopping anybody. On an error the
  // old keys stay; a file with another look-up or signing key is refused (KEY_FILE_INVALID).
  absl::Status Reload();

  std::string Encrypt(std::string_view value, std::string_view aad);
  absl::StatusOr<std::string> Decrypt(std::string_view ciphertext, std::string_view aad);

  // The data key a ciphertext was made with; nothing if it is none of ours.
  static std::optional<uint32_t> KeyIdOf(std::string_view ciphertext);
  // Whether a ciphertext was made with the current data key; otherwise re-encrypt it.
  bool IsCurrent(std::string_view ciphertext) const;
  uint32_t current_key_id() const;

  // 16 bytes of HMAC-SHA-256 under a key of the purpose. Purposes are a few names in the code.
  std::string LookupHash(std::string_view purpose, std::string_view value);

  // 16 bytes of HMAC-SHA-256 under a key of the purpose; another key than LookupHash's.
  std::string Sign(std::string_view purpose, std::string_view bytes);
  bool Verify(std::string_view purpose, std::string_view bytes, std::string_view signature);

 private:
  class Slot;
  static constexpr size_t kSlots = 32;

  Keyring(std::string path, std::shared_ptr<const KeySetContents> keys);
  Slot& SlotOfThisThread();
  std::shared_ptr<const KeySetContents> keys() const;

  const std::string path_;
  const std::unique_ptr<Slot[]> slots_;
  mutable std::mutex mutex_;
  std::shared_ptr<const KeySetContents> keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_KEYRING_H_
