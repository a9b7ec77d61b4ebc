#include "common/attachment/upload.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::attachment {
namespace {

constexpr absl::Duration kDiscardTimeout = absl::Seconds(10);

absl::Status TypeRefused() {
  return RefuseUpload(
      "CONTENT_TYPE_REFUSED", "data",
      "send PDF, PNG, JPEG, GIF, docx, xlsx, pptx, UTF-8 text, CSV, MP3, M4A, WAV, AMR or "
      "Ogg");
}

}  // namespace

absl::Status RefuseUpload(std::string_view reason, std::string_view field, std::string_view mend) {
  return Error(absl::StatusCode::kInvalidArgument, reason, "the upload was refused")
      .Field(field, reason, mend);
}

absl::Status Upload::Add(std::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  if (size_ > kMaxAttachmentBytes) {
    return RefuseUpload("ATTACHMENT_TOO_LARGE", "data", "send at most 20 MiB");
  }
  digest_.Add(bytes);
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kChunkBytes - buffer_.size());
    buffer_.append(part);
    bytes.remove_prefix(part.size());
    if (buffer_.size() == kChunkBytes) CRM_RETURN_IF_ERROR(Flush());
  }
  return absl::OkStatus();
}

absl::StatusOr<File> Upload::Finish() {
  if (size_ == 0) return RefuseUpload("ATTACHMENT_EMPTY", "data", "send a content");
  CRM_RETURN_IF_ERROR(Flush());
  const std::string_view type = finder_.Type(file_name_);
  if (type.empty()) return TypeRefused();
  File file;
  file.sha256 = absl::BytesToHexString(digest_.Finish());
  if (!sha256_.empty() && absl::AsciiStrToLower(sha256_) != file.sha256) {
    return RefuseUpload("SHA256_DIFFERS", "start.sha256", "send the content once more");
  }
  file.name = SafeFileName(file_name_, type);
  file.content_type = std::string(type);
  file.size = size_;
  return file;
}

absl::Status Upload::Keep(db::Connection& db, db::WriteSet& writes, const File& file) {
  CRM_ASSIGN_OR_RETURN(const std::optional<int64_t> known, contents_.Find(db, file.sha256));
  if (known.has_value()) {
    contents_.Use(writes, file.sha256, call_.now());
    Discard();
  } else {
    contents_.KeepUpload(writes, file.sha256, *content_id_, call_.now());
  }
  return absl::OkStatus();
}

void Upload::Discard() {
  if (!content_id_.has_value()) return;
  call_.ReleaseDb();
  const auto db = pool_.Acquire(absl::Now() + kDiscardTimeout);
  if (db.ok()) contents_.Discard(**db, *content_id_).IgnoreError();
  content_id_.reset();
}

absl::Status Upload::Flush() {
  if (buffer_.empty()) return absl::OkStatus();
  finder_.Add(buffer_);
  if (finder_.refused()) return TypeRefused();
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call_.Db());
  if (!content_id_.has_value()) {
    CRM_ASSIGN_OR_RETURN(content_id_, contents_.Open(*db, call_.now()));
  }
  CRM_RETURN_IF_ERROR(contents_.WriteChunk(*db, *content_id_, next_chunk_++, buffer_));
  call_.ReleaseDb();
  buffer_.clear();
  return absl::OkStatus();
}

}  // namespace crm::attachment
