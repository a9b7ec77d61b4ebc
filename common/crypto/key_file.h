// The key file of a service: JSON with wrapped keys, and beside it the master key that unwraps them
// (PLT-15).
//
//   {"version": 1,
//    "master_key_file": "keys.json.master",        relative to this file, or absolute
//    "current_data_key": 2,
//    "data_keys": [{"id": 1, "created": "2026-01-05T08:00:00Z", "wrapped": "…"}, {"id": 2, …}],
//    "lookup_key": "…", "signing_key": "…"}
//
// "wrapped" is base64url of nonce (12 bytes), AES-256-GCM ciphertext (32) and tag (16); the name of
// the key is authenticated with it, so that wrapped keys cannot change places. The master key file
// holds base64url of 32 bytes and nothing else. Both are mounted secrets; only the JSON may also be
// kept elsewhere, it is worthless without the master key.
//
// Rotation without downtime: AddDataKey, let every replica load the file, UseDataKey, load again,
// re-encrypt what Keyring::IsCurrent() says is old, RemoveDataKey.
//
// Errors: those of secret_file.h, and FAILED_PRECONDITION with reason KEY_FILE_INVALID naming the
// file and the setting; never key material. One writer at a time.
#ifndef CRM_COMMON_CRYPTO_KEY_FILE_H_
#define CRM_COMMON_CRYPTO_KEY_FILE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/crypto/secret.h"

namespace crm::crypto {

// What a key file holds, unwrapped.
struct KeySetContents {
  uint32_t current_data_key = 0;
  std::map<uint32_t, SecretKey> data_keys;
  SecretKey lookup_key;
  SecretKey signing_key;
};

absl::StatusOr<KeySetContents> LoadKeyFile(const std::string& path);

// Makes `path` with fresh keys and `path`.master with a fresh master key, both 0600. Refuses to
// overwrite either: lost keys are lost data.
absl::Status GenerateKeyFile(const std::string& path, const Clock& clock);

// Adds a data key that everybody can decrypt with but nobody encrypts with yet; returns its id.
absl::StatusOr<uint32_t> AddDataKey(const std::string& path, const Clock& clock);

// Encrypts with the data key `id` from now on.
absl::Status UseDataKey(const std::string& path, uint32_t id);

// Forgets a data key that is not current. What is still encrypted with it cannot be read again.
absl::Status RemoveDataKey(const std::string& path, uint32_t id);

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_KEY_FILE_H_
