#include "services/customer/attachment_handlers.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/error/error.h"
#include "services/customer/attachment_rules.h"

namespace crm::customer {
namespace {

// Of a message of a download.
constexpr size_t kPieceBytes = 256 << 10;
constexpr absl::Duration kDiscardTimeout = absl::Seconds(10);

absl::Status Refused(std::string_view reason, std::string_view field, std::string_view mend) {
  return Error(absl::StatusCode::kInvalidArgument, reason, "the upload was refused")
      .Field(field, reason, mend);
}

}  // namespace

// One upload: its content goes to the database as it comes, a chunk at a time; no connection is
// held while the client is slow.
class AttachmentHandlers::Upload {
 public:
  Upload(const ActivityArchive& activity, CallContext& call, const v1::UploadStart& start)
      : store_(activity.attachments), pool_(activity.pool), call_(call), start_(start) {}

  absl::Status Add(std::string_view bytes) {
    size_ += static_cast<int64_t>(bytes.size());
    if (size_ > kMaxAttachmentBytes) {
      return Refused("ATTACHMENT_TOO_LARGE", "data", "send at most 20 MiB");
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

  absl::StatusOr<v1::Attachment> Finish(numbering::NumberAllocator& numbers) {
    if (size_ == 0) return Refused("ATTACHMENT_EMPTY", "data", "send a content");
    CRM_RETURN_IF_ERROR(Flush());
    const std::string_view type = finder_.Type(start_.file_name());
    if (type.empty()) return TypeRefused();
    v1::Attachment attachment;
    attachment.set_sha256(absl::BytesToHexString(digest_.Finish()));
    if (!start_.sha256().empty() && absl::AsciiStrToLower(start_.sha256()) != attachment.sha256()) {
      return Refused("SHA256_DIFFERS", "start.sha256", "send the content once more");
    }
    attachment.set_file_name(SafeFileName(start_.file_name(), type));
    attachment.set_content_type(std::string(type));
    attachment.set_size(size_);
    attachment.set_creator(call_.caller().id);
    SetTime(call_.now(), *attachment.mutable_create_time());
    return Keep(std::move(attachment), numbers);
  }

  // Leaves nothing, also after the call's deadline; what cannot be removed now is removed by the
  // purge.
  void Discard() {
    if (!content_id_.has_value()) return;
    call_.ReleaseDb();
    const auto db = pool_.Acquire(absl::Now() + kDiscardTimeout);
    if (db.ok()) store_.DiscardUpload(**db, *content_id_).IgnoreError();
    content_id_.reset();
  }

 private:
  static absl::Status TypeRefused() {
    return Refused(
        "CONTENT_TYPE_REFUSED", "data",
        "send PDF, PNG, JPEG, GIF, docx, xlsx, pptx, UTF-8 text, CSV, MP3, M4A, WAV, AMR or "
        "Ogg");
  }

  absl::Status Flush() {
    if (buffer_.empty()) return absl::OkStatus();
    finder_.Add(buffer_);
    if (finder_.refused()) return TypeRefused();
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call_.Db());
    if (!content_id_.has_value()) {
      CRM_ASSIGN_OR_RETURN(content_id_, store_.OpenUpload(*db, call_.now()));
    }
    CRM_RETURN_IF_ERROR(store_.WriteChunk(*db, *content_id_, next_chunk_++, buffer_));
    call_.ReleaseDb();
    buffer_.clear();
    return absl::OkStatus();
  }

  absl::StatusOr<v1::Attachment> Keep(v1::Attachment attachment,
                                      numbering::NumberAllocator& numbers) {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call_.Db());
    if (!start_.request_id().empty()) {
      CRM_ASSIGN_OR_RETURN(const std::optional<StoredAttachment> first,
                           store_.FindByRequest(*db, attachment.creator(), start_.request_id()));
      if (first.has_value()) return Repeat(*first, attachment);
    }
    CRM_ASSIGN_OR_RETURN(std::string number, numbers.Next(call_.now()));
    attachment.set_number(std::move(number));
    CRM_ASSIGN_OR_RETURN(const std::optional<int64_t> known,
                         store_.FindContent(*db, attachment.sha256()));
    if (known.has_value()) {
      store_.InsertWithContent(call_.writes(), attachment, start_.request_id(), call_.now());
      Discard();
    } else {
      store_.InsertWithUpload(call_.writes(), attachment, start_.request_id(), *content_id_,
                              call_.now());
    }
    return attachment;
  }

  absl::StatusOr<v1::Attachment> Repeat(const StoredAttachment& first,
                                        const v1::Attachment& attachment) {
    if (first.message.sha256() != attachment.sha256()) {
      return Refused("REQUEST_ID_REUSED", "start.request_id", "use a new id for a new content");
    }
    Discard();
    return first.message;
  }

  const AttachmentStore& store_;
  db::Pool& pool_;
  CallContext& call_;
  const v1::UploadStart start_;
  std::optional<int64_t> content_id_;
  int next_chunk_ = 0;
  int64_t size_ = 0;
  std::string buffer_;
  crypto::Sha256Stream digest_;
  ContentTypeFinder finder_;
};

void AttachmentHandlers::Register(server::MethodTable& table) {
  table.ClientStream<v1::UploadAttachmentRequest, v1::Attachment>(
      "UploadAttachment",
      [this](CallContext& call, server::StreamReader<v1::UploadAttachmentRequest>& reader) {
        return Receive(call, reader);
      });
  table.Unary<v1::GetAttachmentRequest, v1::Attachment>(
      "GetAttachment", [this](CallContext& call, const v1::GetAttachmentRequest& request) {
        return Get(call, request);
      });
  table.ServerStream<v1::DownloadAttachmentRequest, v1::DownloadAttachmentResponse>(
      "DownloadAttachment", [this](CallContext& call, const v1::DownloadAttachmentRequest& request,
                                   server::StreamWriter<v1::DownloadAttachmentResponse>& writer) {
        return Send(call, request, writer);
      });
}

absl::StatusOr<v1::Attachment> AttachmentHandlers::Receive(
    CallContext& call, server::StreamReader<v1::UploadAttachmentRequest>& reader) {
  v1::UploadAttachmentRequest message;
  const bool begun = reader.Read(message);
  CRM_RETURN_IF_ERROR(reader.status());
  if (!begun || !message.has_start()) {
    return InvalidField("start", "REQUIRED", "tell of the file in the first message");
  }
  Upload upload(activity_, call, message.start());
  absl::Status status = upload.Add(message.data());
  while (status.ok() && reader.Read(message)) {
    status = message.has_start() ? InvalidField("start", "REPEATED", "only in the first message")
                                 : upload.Add(message.data());
  }
  if (status.ok()) status = reader.status();
  if (status.ok()) {
    absl::StatusOr<v1::Attachment> attachment = upload.Finish(activity_.attachment_numbers);
    if (attachment.ok()) return attachment;
    status = attachment.status();
  }
  upload.Discard();
  return status;
}

absl::StatusOr<v1::Attachment> AttachmentHandlers::Get(CallContext& call,
                                                       const v1::GetAttachmentRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(
      StoredAttachment found,
      activity_.attachments.Get(*db, request.attachment(), call.caller().id, call.scope()));
  return std::move(found.message);
}

absl::Status AttachmentHandlers::Send(
    CallContext& call, const v1::DownloadAttachmentRequest& request,
    server::StreamWriter<v1::DownloadAttachmentResponse>& writer) {
  const AttachmentStore& store = activity_.attachments;
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredAttachment found,
                       store.Get(*db, request.attachment(), call.caller().id, call.scope()));
  CRM_ASSIGN_OR_RETURN(const std::optional<int64_t> content,
                       store.FindContent(*db, found.message.sha256()));
  if (!content.has_value()) return NotFound(kAttachmentType, request.attachment());

  v1::DownloadAttachmentResponse message;
  *message.mutable_attachment() = found.message;
  if (!writer.Write(message)) return absl::OkStatus();
  message.clear_attachment();
  int64_t left = found.message.size();
  for (int seq = 0; left > 0; ++seq) {
    // Not held while the client is slow.
    CRM_ASSIGN_OR_RETURN(db::Connection * reader, call.Db());
    CRM_ASSIGN_OR_RETURN(const std::string chunk, store.ReadChunk(*reader, *content, seq));
    call.ReleaseDb();
    left -= static_cast<int64_t>(chunk.size());
    for (size_t at = 0; at < chunk.size(); at += kPieceBytes) {
      message.set_data(chunk.substr(at, kPieceBytes));
      if (!writer.Write(message)) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

}  // namespace crm::customer
