#include "services/customer/attachment_handlers.h"

#include <optional>
#include <string>
#include <utility>

#include "common/attachment/transfer.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::customer {

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
  return attachment::Receive<v1::UploadAttachmentRequest, v1::Attachment>(
      activity_.attachments.contents(), activity_.pool, call, reader,
      [&](const v1::UploadStart& start, attachment::Upload& upload) {
        return Keep(call, start, upload);
      });
}

absl::StatusOr<v1::Attachment> AttachmentHandlers::Keep(CallContext& call,
                                                        const v1::UploadStart& start,
                                                        attachment::Upload& upload) {
  CRM_ASSIGN_OR_RETURN(const attachment::File file, upload.Finish());
  const AttachmentStore& store = activity_.attachments;
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  if (!start.request_id().empty()) {
    CRM_ASSIGN_OR_RETURN(const std::optional<StoredAttachment> first,
                         store.FindByRequest(*db, call.caller().id, start.request_id()));
    if (first.has_value()) {
      if (first->message.sha256() != file.sha256) {
        return attachment::RefuseUpload("REQUEST_ID_REUSED", "start.request_id",
                                        "use a new id for a new content");
      }
      upload.Discard();
      return first->message;
    }
  }
  v1::Attachment attachment;
  CRM_ASSIGN_OR_RETURN(*attachment.mutable_number(), activity_.attachment_numbers.Next(call.now()));
  attachment.set_sha256(file.sha256);
  attachment.set_file_name(file.name);
  attachment.set_content_type(file.content_type);
  attachment.set_size(file.size);
  attachment.set_creator(call.caller().id);
  SetTime(call.now(), *attachment.mutable_create_time());
  store.Insert(call.writes(), attachment, start.request_id());
  CRM_RETURN_IF_ERROR(upload.Keep(*db, call.writes(), file));
  return attachment;
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
                       store.contents().Find(*db, found.message.sha256()));
  if (!content.has_value()) return NotFound(kAttachmentType, request.attachment());

  v1::DownloadAttachmentResponse message;
  *message.mutable_attachment() = found.message;
  if (!writer.Write(message)) return absl::OkStatus();
  message.clear_attachment();
  return attachment::Send(call, store.contents(), *content, found.message.size(),
                          [&](std::string piece) {
                            message.set_data(std::move(piece));
                            return writer.Write(message);
                          });
}

}  // namespace crm::customer
