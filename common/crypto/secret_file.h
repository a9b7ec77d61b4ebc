// Small files that hold secrets or decide about trust: key files, key sets, role files.
//
// Errors: NOT_FOUND (FILE_MISSING), FAILED_PRECONDITION (FILE_UNREADABLE, FILE_TOO_LARGE,
// FILE_EXISTS, FILE_UNWRITABLE); each names the file and never its contents. Thread-safe.
#ifndef CRM_COMMON_CRYPTO_SECRET_FILE_H_
#define CRM_COMMON_CRYPTO_SECRET_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crm::crypto {

inline constexpr size_t kMaxSmallFileBytes = 1 << 20;

absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Makes a file that only its owner may read (0600); refuses to touch one that exists.
absl::Status CreateSecretFile(const std::string& path, std::string_view contents);

// Puts new contents in the place of a file in one step (0600): a reader sees the old or the new.
absl::Status ReplaceSecretFile(const std::string& path, std::string_view contents);

}  // namespace crm::crypto

#endif  // CRM_COMMON_CRYPTO_SECRET_FILE_H_
