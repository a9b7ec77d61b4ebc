#include "common/attachment/content_store.h"

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::attachment {
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

absl::StatusOr<int64_t> ContentStore::Open(db::Connection& db, absl::Time now) const {
  const int64_t content_id = ids_.Next();
  CRM_RETURN_IF_ERROR(db.Execute(kOpenUpload, {content_id, now}).status());
  return content_id;
}

absl::Status ContentStore::WriteChunk(db::Connection& db, int64_t content_id, int seq,
                                      std::string_view bytes) const {
  return db.Execute(kWriteChunk, {content_id, seq, keyring_.Encrypt(bytes, Aad(content_id, seq))})
      .status();
}

absl::Status ContentStore::Discard(db::Connection& db, int64_t content_id) const {
  CRM_RETURN_IF_ERROR(db.Execute(kDeleteChunks, {content_id}).status());
  return db.Execute(kDeleteUpload, {content_id}).status();
}

absl::StatusOr<std::optional<int64_t>> ContentStore::Find(db::Connection& db,
                                                          std::string_view sha256) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kContentBySha, {sha256}));
  if (!rows.Next()) return std::optional<int64_t>();
  return std::optional<int64_t>(rows.Int(0));
}

absl::StatusOr<std::string> ContentStore::ReadChunk(db::Connection& db, int64_t content_id,
                                                    int seq) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadChunk, {content_id, seq}));
  if (!rows.Next()) {
    return Error(absl::StatusCode::kDataLoss, "ATTACHMENT_INCOMPLETE",
                 "a part of the stored content is missing");
  }
  return keyring_.Decrypt(rows.String(0), Aad(content_id, seq));
}

void ContentStore::KeepUpload(db::WriteSet& writes, std::string_view sha256, int64_t content_id,
                              absl::Time now) const {
  writes.Insert(ContentSpec(), {sha256, content_id, now});
  writes.Execute(kCloseUpload, {content_id, content_id});
}

void ContentStore::Use(db::WriteSet& writes, std::string_view sha256, absl::Time now) const {
  writes.Execute(kUseContent, {now, sha256}, db::Expect::kSomeRow);
}

absl::StatusOr<int64_t> ContentStore::Purge(db::Pool& pool, absl::Time before,
                                            absl::Time deadline) const {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, pool.Acquire(deadline));
  int64_t removed = 0;
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
  while (broken.Next()) CRM_RETURN_IF_ERROR(Discard(*db, broken.Int(0)));
  return removed;
}

std::string ContentStore::Aad(int64_t content_id, int seq) {
  return absl::StrCat("attachment_chunk.data|", content_id, "|", seq);
}

std::string ContentStore::RequestHash(std::string_view caller, std::string_view request_id) const {
  return keyring_.LookupHash(kRequestPurpose,
                             absl::StrCat(ToAbsl(caller), "\n", ToAbsl(request_id)));
}

}  // namespace crm::attachment
