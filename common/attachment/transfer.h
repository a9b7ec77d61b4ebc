// The streams of RPCs that take and give files (TIC-9). Messages of an upload have `start` (with
// `file_name` and `sha256`) in the first and `data` in the others.
//
//   return Receive<UploadAttachmentRequest, Attachment>(
//       contents, pool, call, reader,
//       [&](const UploadStart& start, Upload& upload) -> absl::StatusOr<Attachment> { … });
#ifndef CRM_COMMON_ATTACHMENT_TRANSFER_H_
#define CRM_COMMON_ATTACHMENT_TRANSFER_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/attachment/content_store.h"
#include "common/attachment/upload.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/server/method_table.h"

namespace crm::attachment {

// Reads an upload to its end and gives what `keep` makes of it; whatever fails leaves nothing.
template <typename Request, typename Response, typename Keep>
absl::StatusOr<Response> Receive(const ContentStore& contents, db::Pool& pool,
                                 server::CallContext& call, server::StreamReader<Request>& reader,
                                 Keep keep) {
  Request message;
  const bool begun = reader.Read(message);
  CRM_RETURN_IF_ERROR(reader.status());
  if (!begun || !message.has_start()) {
    return InvalidField("start", "REQUIRED", "tell of the file in the first message");
  }
  const auto start = message.start();
  Upload upload(contents, pool, call, start.file_name(), start.sha256());
  absl::Status status = upload.Add(message.data());
  while (status.ok() && reader.Read(message)) {
    status = message.has_start() ? InvalidField("start", "REPEATED", "only in the first message")
                                 : upload.Add(message.data());
  }
  if (status.ok()) status = reader.status();
  if (status.ok()) {
    absl::StatusOr<Response> response = keep(start, upload);
    if (response.ok()) return response;
    status = response.status();
  }
  upload.Discard();
  return status;
}

// Sends a content piece by piece; holds no connection while the client is slow. `write` gives false
// once the client is gone.
absl::Status Send(server::CallContext& call, const ContentStore& contents, int64_t content_id,
                  int64_t size, absl::FunctionRef<bool(std::string piece)> write);

}  // namespace crm::attachment

#endif  // CRM_COMMON_ATTACHMENT_TRANSFER_H_
