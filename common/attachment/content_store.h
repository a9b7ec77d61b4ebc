// Contents of files (TIC-9). Each is stored once, in encrypted chunks, however many attachments
// have it. Tables: attachment_content, attachment_upload, attachment_chunk; table `attachment`,
// whose column `sha256` says which content a file has, is the service's own.
//
// Upload: Open, WriteChunk … as bytes come, then KeepUpload or Use in the write set of the
// attachment; an upload that breaks is removed by Discard, or later by Purge. Thread-safe.
#ifndef CRM_COMMON_ATTACHMENT_CONTENT_STORE_H_
#define CRM_COMMON_ATTACHMENT_CONTENT_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"

namespace crm::attachment {

// Bytes of a content in one chunk; encrypted they are 1 MiB.
inline constexpr size_t kChunkBytes = (1 << 20) - crypto::Keyring::kOverheadBytes;

// What is left of broken uploads, and contents that nobody has, are kept this long.
inline constexpr absl::Duration kUnusedAge = absl::Hours(24);

class ContentStore {
 public:
  // Both outlive it.
  ContentStore(crypto::Keyring& keyring, IdGenerator& ids) : keyring_(keyring), ids_(ids) {}

  // A new content; gives its id.
  absl::StatusOr<int64_t> Open(db::Connection& db, absl::Time now) const;
  absl::Status WriteChunk(db::Connection& db, int64_t content_id, int seq,
                          std::string_view bytes) const;
  absl::Status Discard(db::Connection& db, int64_t content_id) const;

  // The content with this SHA-256 (hexadecimal), if there is one.
  absl::StatusOr<std::optional<int64_t>> Find(db::Connection& db, std::string_view sha256) const;
  // DATA_LOSS if the chunk is not there.
  absl::StatusOr<std::string> ReadChunk(db::Connection& db, int64_t content_id, int seq) const;

  // The content of an upload from now on; if others have stored the same meanwhile, theirs stays.
  void KeepUpload(db::WriteSet& writes, std::string_view sha256, int64_t content_id,
                  absl::Time now) const;
  // Another file has a content that is there; a commit after that has gone fails.
  void Use(db::WriteSet& writes, std::string_view sha256, absl::Time now) const;

  // Column `request_hash` of what a caller uploads under a request id: unique, so that a repeated
  // upload finds the first (PLT-5).
  std::string RequestHash(std::string_view caller, std::string_view request_id) const;

  // Removes contents that no row of `attachment` has, and broken uploads, all older than `before`.
  // Gives the number of contents removed; safe on several replicas.
  absl::StatusOr<int64_t> Purge(db::Pool& pool, absl::Time before, absl::Time deadline) const;

 private:
  static std::string Aad(int64_t content_id, int seq);

  crypto::Keyring& keyring_;
  IdGenerator& ids_;
};

}  // namespace crm::attachment

#endif  // CRM_COMMON_ATTACHMENT_CONTENT_STORE_H_
