// The keys of the identity provider, from a JWKS file (PLT-12). The file is watched: its contents
// are compared at most once a second, by whoever asks first, and once more when a token names a key
// that is not known. A file that is missing or broken keeps the old keys; reload_status() tells.
//
//   CRM_ASSIGN_OR_RETURN(auto keys, JwksFile::Load("/etc/crm/jwks.json", clock));
//   std::optional<PublicKey> key = keys->Find("2026-03");
//
// Errors: those of secret_file.h, and FAILED_PRECONDITION with reason KEY_SET_INVALID naming the
// file and the place in it. Keys for other uses or of other types are passed over; a key meant for
// us that is wrong, two keys of one kid, a private key, or no usable key make the file invalid.
// Thread-safe.
#ifndef CRM_COMMON_AUTH_JWKS_H_
#define CRM_COMMON_AUTH_JWKS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/auth/public_key.h"
#include "common/base/clock.h"

namespace crm::auth {

// Keys by kid.
using KeySet = absl::flat_hash_map<std::string, PublicKey>;

// INVALID_ARGUMENT that names the place in the text.
absl::StatusOr<KeySet> ParseJwks(std::string_view text);

class JwksFile {
 public:
  // `clock` outlives the result.
  static absl::StatusOr<std::unique_ptr<JwksFile>> Load(const std::string& path,
                                                        const Clock& clock);

  // The key of that id. One that is not known makes the file be read again, at most once a second.
  std::optional<PublicKey> Find(std::string_view kid);

  // Reads the file if the last look is a second old.
  void RefreshIfDue();
  // Reads the file now.
  absl::Status Reload();

  // OK, or why the file as it is now is not in use.
  absl::Status reload_status() const;
  // Rises whenever other keys come into use: what was verified before must be verified again.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  JwksFile(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  std::optional<PublicKey> FindLoaded(std::string_view kid) const;
  bool TakeTurn(std::atomic<int64_t>& last);

  const std::string path_;
  const Clock& clock_;
  // Microseconds of the last look and of the last one for an unknown key.
  std::atomic<int64_t> last_look_{0};
  std::atomic<int64_t> last_miss_{0};
  std::atomic<uint64_t> generation_{0};
  mutable std::shared_mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
  KeySet keys_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crm::auth

#endif  // CRM_COMMON_AUTH_JWKS_H_
