// Attachments of the archive's records (TIC-9); their contents are in common/attachment.
// Thread-safe.
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
#include "common/attachment/content_store.h"
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

// Attachments that no record refers to are kept this long.
inline constexpr absl::Duration kUnclaimedAge = attachment::kUnusedAge;

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

  const attachment::ContentStore& contents() const { return contents_; }

  // The row; its content is kept by attachment::Upload.
  void Insert(db::WriteSet& writes, const v1::Attachment& attachment,
              std::string_view request_id) const;

  // Ties an attachment to a customer; fails the commit if it has gone or is another's.
  void Claim(db::WriteSet& writes, int64_t id, int64_t customer_id) const;

  // Removes attachments nobody refers to, contents nobody has, and broken uploads, all older than
  // `before`. Gives the number of contents and attachments removed; safe on several replicas.
  absl::StatusOr<int64_t> Purge(db::Pool& pool, absl::Time before, absl::Time deadline) const;

 private:
  absl::StatusOr<std::vector<StoredAttachment>> ReadAll(db::Rows rows) const;

  IdGenerator& ids_;
  const resource::ResourceTable table_;
  const std::string select_;
  const attachment::ContentStore contents_;
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
