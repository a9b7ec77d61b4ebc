// Attachments and their contents (TIC-9). A content is stored once, in encrypted chunks, however
// many attachments have it.
//
// Upload: OpenUpload, WriteChunk … as bytes come, then the attachment in one write set; an upload
// that breaks is removed by DiscardUpload, or after a day by Purge. Thread-safe.
#ifndef CRM_SERVICES_CUSTOMER_ATTACHMENT_STORE_H_
#define CRM_SERVICES_CUSTOMER_ATTACHMENT_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/auth/row_scope.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/pool.h"
#include "common/db/write_set.h"
#include "common/resource/resource_table.h"
#include "crm/customer/v1/attachment.pb.h"
#include "google/protobuf/repeated_field.h"

namespace crm::customer {

inline constexpr std::string_view kAttachmentType = "crm.customer.v1.Attachment";

// Bytes of a content in one chunk; encrypted they are 1 MiB.
inline constexpr size_t kChunkBytes = (1 << 20) - crypto::Keyring::kOverheadBytes;

// Attachments that no record refers to, and what is left of broken uploads, are kept this long.
inline constexpr absl::Duration kUnclaimedAge = absl::Hours(24);

struct StoredAttachment {
  int64_t id = 0;
  std::optional<int64_t> customer_id;  // absent until a record refers to it
  v1::Attachment message;
};

class AttachmentStore {
 public:
  AttachmentStore(crypto::Keyring& keyring, IdGenerator& ids);

  // What a caller may see: their own uploads, and those of customers in scope. NOT_FOUND.
  absl::StatusOr<StoredAttachment> Get(db::Connection& db, std::string_view number,
                                       std::string_view caller, const auth::RowScope& scope) const;
  // Of any scope.
  absl::StatusOr<std::vector<StoredAttachment>> Find(db::Connection& db,
                                                     absl::Span<const std::string> numbers) const;
  // What this caller has uploaded under a request id.
  absl::StatusOr<std::optional<StoredAttachment>> FindByRequest(db::Connection& db,
                                                                std::string_view caller,
                                                                std::string_view request_id) const;

  // A new content; gives its id.
  absl::StatusOr<int64_t> OpenUpload(db::Connection& db, absl::Time now) const;
  absl::Status WriteChunk(db::Connection& db, int64_t content_id, int seq,
                          std::string_view bytes) const;
  absl::Status DiscardUpload(db::Connection& db, int64_t content_id) const;

  // The content with this SHA-256 (hexadecimal), if there is one.
  absl::StatusOr<std::optional<int64_t>> FindContent(db::Connection& db,
                                                     std::string_view sha256) const;
  // DATA_LOSS if the chunk is not there.
  absl::StatusOr<std::string> ReadChunk(db::Connection& db, int64_t content_id, int seq) const;

  // The attachment with the content of an upload; if others have stored the same content meanwhile,
  // with theirs.
  void InsertWithUpload(db::WriteSet& writes, const v1::Attachment& attachment,
                        std::string_view request_id, int64_t content_id, absl::Time now) const;
  // The attachment with a content that is there; a commit after that has gone fails.
  void InsertWithContent(db::WriteSet& writes, const v1::Attachment& attachment,
                         std::string_view request_id, absl::Time now) const;

  // Ties an attachment to a customer; fails the commit if it has gone or is another's.
  void Claim(db::WriteSet& writes, int64_t id, int64_t customer_id) const;

  // Removes attachments nobody refers to, contents nobody has, and broken uploads, all older than
  // `before`. Gives the number of contents and attachments removed; safe on several replicas.
  absl::StatusOr<int64_t> Purge(db::Pool& pool, absl::Time before, absl::Time deadline) const;

 private:
  absl::StatusOr<std::vector<StoredAttachment>> ReadAll(db::Rows rows) const;
  void Insert(db::WriteSet& writes, const v1::Attachment& attachment,
              std::string_view request_id) const;
  std::string RequestHash(std::string_view caller, std::string_view request_id) const;
  std::string Aad(int64_t content_id, int seq) const;

  crypto::Keyring& keyring_;
  IdGenerator& ids_;
  const resource::ResourceTable table_;
  const std::string select_;
};

// The attachments that the records of one write set refer to. Not thread-safe.
class AttachmentClaims {
 public:
  explicit AttachmentClaims(const AttachmentStore& store) : store_(store) {}

  void Want(const std::string& number) { wanted_.push_back(number); }
  absl::Status Load(db::Connection& db);
  // Whether a record of this customer may refer to it: the customer has it, or `actor` uploaded it
  // and no customer has it yet.
  bool MayClaim(const std::string& number, int64_t customer_id, std::string_view actor) const;
  void Claim(db::WriteSet& writes, const google::protobuf::RepeatedPtrField<std::string>& numbers,
             int64_t customer_id);

 private:
  const AttachmentStore& store_;
  std::vector<std::string> wanted_;
  absl::flat_hash_map<std::string, StoredAttachment> found_;
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ATTACHMENT_STORE_H_
