#include "services/customer/attachment_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/scope.h"
#include "crm/customer/v1/customer.pb.h"

namespace crm::customer {
namespace {

constexpr char kRequestPurpose[] = "attachment.request";

constexpr db::Query kOpenUpload{"attachment_open_upload", R"sql(
  INSERT INTO attachment_upload (content_id, create_time)
  VALUES (?, ?))sql"};
constexpr db::Query kWriteChunk{"attachment_write_chunk", R"sql(
  INSERT INTO attachment_chunk (content_id, seq, data)
  VALUES (?, ?, ?))sql"};
constexpr db::Query kReadChunk{"attachment_read_chunk", R"sql(
  SELECT data
  FROM attachment_chunk
  WHERE content_id = ? AND seq = ?)sql"};
constexpr db::Query kDeleteChunks{"attachment_delete_chunks", R"sql(
  DELETE FROM attachment_chunk
  WHERE content_id = ?)sql"};
constexpr db::Query kDeleteUpload{"attachment_delete_upload", R"sql(
  DELETE FROM attachment_upload
  WHERE content_id = ?)sql"};
// Only if its chunks became a content: those of an upload that came second stay listed for removal.
constexpr db::Query kCloseUpload{"attachment_close_upload", R"sql(
  DELETE FROM attachment_upload
  WHERE content_id = ?
    AND EXISTS (SELECT 1 FROM attachment_content AS content WHERE content.content_id = ?))sql"};
constexpr db::Query kContentBySha{"attachment_content_by_sha", R"sql(
  SELECT content_id
  FROM attachment_content
  WHERE sha256 = ?)sql"};
constexpr db::Query kUseContent{"attachment_use_content", R"sql(
  UPDATE attachment_content
  SET use_time = ?
  WHERE sha256 = ?)sql"};
constexpr db::Query kClaim{"attachment_claim", R"sql(
  UPDATE attachment
  SET customer_id = ?
  WHERE id = ? AND (customer_id IS NULL OR customer_id = ?))sql"};
constexpr db::Query kDeleteUnclaimed{"attachment_delete_unclaimed", R"sql(
  DELETE FROM attachment
  WHERE customer_id IS NULL AND create_time < ?
  ORDER BY create_time
  LIMIT 200)sql"};
constexpr db::Query kUnusedContents{"attachment_unused_contents", R"sql(
  SELECT content.sha256, content.content_id
  FROM attachment_content AS content
  LEFT JOIN attachment ON attachment.sha256 = content.sha256
  WHERE attachment.id IS NULL AND content.use_time < ?
  LIMIT 200)sql"};
// Says again what was read: an upload can have used it since.
constexpr db::Query kDeleteContent{"attachment_delete_content", R"sql(
  DELETE FROM attachment_content
  WHERE sha256 = ? AND use_time < ?
    AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.sha256 = attachment_content.sha256)
)sql"};
constexpr db::Query kBrokenUploads{"attachment_broken_uploads", R"sql(
  SELECT content_id
  FROM attachment_upload
  WHERE create_time < ?
  LIMIT 200)sql"};

const db::InsertSpec& ContentSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"attachment_content",
                          {"sha256", "content_id", "use_time"},
                          "ON DUPLICATE KEY UPDATE use_time = VALUES(use_time)"};
  return spec;
}

}  // namespace

AttachmentStore::AttachmentStore(crypto::Keyring& keyring, IdGenerator& ids)
    : keyring_(keyring),
      ids_(ids),
      table_(schema::MessageSchema::Of<v1::Attachment>(), keyring, {"customer_id", "request_hash"}),
      select_(absl::StrCat("SELECT ", table_.Columns("attachment"),
                           ", customer.number FROM attachment "
                           "LEFT JOIN customer ON customer.id = attachment.customer_id WHERE ")) {}

absl::StatusOr<std::vector<StoredAttachment>> AttachmentStore::ReadAll(db::Rows rows) const {
  const std::string columns = table_.Columns();
  const int customer_column = static_cast<int>(std::count(columns.begin(), columns.end(), ',')) + 1;
  std::vector<StoredAttachment> found;
  while (rows.Next()) {
    StoredAttachment& attachment = found.emplace_back();
    resource::RowKey key;
    CRM_RETURN_IF_ERROR(table_.Read(rows, key, attachment.message));
    attachment.id = key.id;
    attachment.customer_id = rows.OptInt(2);
    attachment.message.set_customer(rows.String(customer_column));
  }
  return found;
}

absl::StatusOr<StoredAttachment> AttachmentStore::Get(db::Connection& db, std::string_view number,
                                                      std::string_view caller,
                                                      const auth::RowScope& scope) const {
  filter::Fragment where;
  where.Append("attachment.number = ?", number);
  where.Append(" AND (attachment.customer_id IS NULL AND attachment.creator = ?", caller);
  where.Append(" OR attachment.customer_id IS NOT NULL");
  const filter::Fragment in_scope =
      filter::ScopeCondition(schema::MessageSchema::Of<v1::Customer>(), scope, "customer");
  if (!in_scope.empty()) {
    where.Append(" AND ");
    where.Append(in_scope);
  }
  where.Append(")");
  const std::string sql = absl::StrCat(select_, where.sql);
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"attachment_by_number", sql}, where.values));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, ReadAll(std::move(rows)));
  if (found.empty()) return NotFound(kAttachmentType, number);
  return std::move(found.front());
}

absl::StatusOr<std::vector<StoredAttachment>> AttachmentStore::Find(
    db::Connection& db, absl::Span<const std::string> numbers) const {
  std::vector<StoredAttachment> all;
  for (size_t start = 0; start < numbers.size(); start += db::kMaxInSize) {
    const auto part = numbers.subspan(start, db::kMaxInSize);
    db::Values params(part.begin(), part.end());
    params.resize(db::PaddedInSize(part.size()), db::Value(part.back()));
    std::string sql = absl::StrCat(select_, "attachment.number IN (?");
    for (size_t i = 1; i < params.size(); ++i) absl::StrAppend(&sql, ", ?");
    absl::StrAppend(&sql, ")");
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"attachments_by_number", sql}, params));
    CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, ReadAll(std::move(rows)));
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<std::optional<StoredAttachment>> AttachmentStore::FindByRequest(
    db::Connection& db, std::string_view caller, std::string_view request_id) const {
  const std::string sql = absl::StrCat(select_, "attachment.request_hash = ?");
  CRM_ASSIGN_OR_RETURN(
      db::Rows rows, db.Select({"attachment_by_request", sql}, {RequestHash(caller, request_id)}));
  CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, ReadAll(std::move(rows)));
  if (found.empty()) return std::optional<StoredAttachment>();
  return std::optional<StoredAttachment>(std::move(found.front()));
}

absl::StatusOr<int64_t> AttachmentStore::OpenUpload(db::Connection& db, absl::Time now) const {
  const int64_t content_id = ids_.Next();
  CRM_RETURN_IF_ERROR(db.Execute(kOpenUpload, {content_id, now}).status());
  return content_id;
}

absl::Status AttachmentStore::WriteChunk(db::Connection& db, int64_t content_id, int seq,
                                         std::string_view bytes) const {
  return db.Execute(kWriteChunk, {content_id, seq, keyring_.Encrypt(bytes, Aad(content_id, seq))})
      .status();
}

absl::Status AttachmentStore::DiscardUpload(db::Connection& db, int64_t content_id) const {
  CRM_RETURN_IF_ERROR(db.Execute(kDeleteChunks, {content_id}).status());
  return db.Execute(kDeleteUpload, {content_id}).status();
}

absl::StatusOr<std::optional<int64_t>> AttachmentStore::FindContent(db::Connection& db,
                                                                    std::string_view sha256) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kContentBySha, {sha256}));
  if (!rows.Next()) return std::optional<int64_t>();
  return std::optional<int64_t>(rows.Int(0));
}

absl::StatusOr<std::string> AttachmentStore::ReadChunk(db::Connection& db, int64_t content_id,
                                                       int seq) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadChunk, {content_id, seq}));
  if (!rows.Next()) {
    return Error(absl::StatusCode::kDataLoss, "ATTACHMENT_INCOMPLETE",
                 "a part of the stored content is missing");
  }
  return keyring_.Decrypt(rows.String(0), Aad(content_id, seq));
}

void AttachmentStore::Insert(db::WriteSet& writes, const v1::Attachment& attachment,
                             std::string_view request_id) const {
  db::Value request_hash;
  if (!request_id.empty()) request_hash = RequestHash(attachment.creator(), request_id);
  table_.Insert(writes, {ids_.Next(), 1}, attachment, {std::nullopt, std::move(request_hash)});
}

void AttachmentStore::InsertWithUpload(db::WriteSet& writes, const v1::Attachment& attachment,
                                       std::string_view request_id, int64_t content_id,
                                       absl::Time now) const {
  Insert(writes, attachment, request_id);
  writes.Insert(ContentSpec(), {attachment.sha256(), content_id, now});
  writes.Execute(kCloseUpload, {content_id, content_id});
}

void AttachmentStore::InsertWithContent(db::WriteSet& writes, const v1::Attachment& attachment,
                                        std::string_view request_id, absl::Time now) const {
  Insert(writes, attachment, request_id);
  writes.Execute(kUseContent, {now, attachment.sha256()}, db::Expect::kSomeRow);
}

void AttachmentStore::Claim(db::WriteSet& writes, int64_t id, int64_t customer_id) const {
  writes.Execute(kClaim, {customer_id, id, customer_id}, db::Expect::kSomeRow);
}

absl::StatusOr<int64_t> AttachmentStore::Purge(db::Pool& pool, absl::Time before,
                                               absl::Time deadline) const {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool.Acquire(deadline));
  CRM_ASSIGN_OR_RETURN(int64_t removed, db->Execute(kDeleteUnclaimed, {before}));

  CRM_ASSIGN_OR_RETURN(db::Rows unused, db->Select(kUnusedContents, {before}));
  while (unused.Next()) {
    const std::string sha256 = unused.String(0);
    const int64_t content_id = unused.Int(1);
    int64_t deleted = 0;
    CRM_RETURN_IF_ERROR(
        db::RunInTransaction(pool, deadline, [&](db::Connection& transaction) -> absl::Status {
          CRM_ASSIGN_OR_RETURN(deleted, transaction.Execute(kDeleteContent, {sha256, before}));
          if (deleted == 0) return absl::OkStatus();
          return transaction.Execute(kDeleteChunks, {content_id}).status();
        }));
    removed += deleted;
  }

  CRM_ASSIGN_OR_RETURN(db::Rows broken, db->Select(kBrokenUploads, {before}));
  while (broken.Next()) CRM_RETURN_IF_ERROR(DiscardUpload(*db, broken.Int(0)));
  return removed;
}

std::string AttachmentStore::RequestHash(std::string_view caller,
                                         std::string_view request_id) const {
  return keyring_.LookupHash(kRequestPurpose,
                             absl::StrCat(ToAbsl(caller), "\n", ToAbsl(request_id)));
}

std::string AttachmentStore::Aad(int64_t content_id, int seq) const {
  return absl::StrCat("attachment_chunk.data|", content_id, "|", seq);
}

absl::Status AttachmentClaims::Load(db::Connection& db) {
  if (wanted_.empty()) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(std::vector<StoredAttachment> found, store_.Find(db, wanted_));
  for (StoredAttachment& attachment : found) {
    std::string number = attachment.message.number();
    found_[std::move(number)] = std::move(attachment);
  }
  return absl::OkStatus();
}

bool AttachmentClaims::MayClaim(const std::string& number, int64_t customer_id,
                                std::string_view actor) const {
  const auto found = found_.find(number);
  if (found == found_.end()) return false;
  const StoredAttachment& attachment = found->second;
  if (attachment.customer_id.has_value()) return *attachment.customer_id == customer_id;
  return attachment.message.creator() == actor;
}

void AttachmentClaims::Claim(db::WriteSet& writes,
                             const google::protobuf::RepeatedPtrField<std::string>& numbers,
                             int64_t customer_id) {
  for (const std::string& number : numbers) {
    const auto found = found_.find(number);
    if (found == found_.end() || found->second.customer_id.has_value()) continue;
    store_.Claim(writes, found->second.id, customer_id);
    // Of two customers' records in one write set only the first may have it.
    found->second.customer_id = customer_id;
  }
}

}  // namespace crm::customer
