// What tests of services ask of files that go up and come down (common/attachment).
#ifndef CRM_COMMON_TESTING_ATTACHMENT_H_
#define CRM_COMMON_TESTING_ATTACHMENT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/client/channel.h"

namespace crm::testing {

// A PDF by its first bytes, of as many bytes; no two sizes are the beginning of each other.
inline std::string PdfOf(size_t size) {
  std::string content = "%PDF-1.7\n";
  for (size_t i = 0; content.size() < size; ++i) content += static_cast<char>(i * 31 + i / 251);
  content.resize(size);
  return content;
}

// Writes the first message and the content in pieces; false if the server has ended the call.
template <typename Request, typename Start>
bool WriteFile(client::AnyClientStream& stream, Start start, std::string_view content,
               size_t piece) {
  Request message;
  *message.mutable_start() = std::move(start);
  bool open = stream.Write(message);
  message.clear_start();
  for (size_t at = 0; open && at < content.size(); at += piece) {
    message.set_data(std::string(content.substr(at, piece)));
    open = stream.Write(message);
  }
  return open;
}

// `method`: "/crm.customer.v1.AttachmentService/UploadAttachment".
template <typename Request, typename Attachment, typename Start>
absl::StatusOr<Attachment> UploadFile(client::Channel& channel, const std::string& method,
                                      const std::string& token, Start start,
                                      std::string_view content, size_t piece) {
  client::AnyClientStream stream = channel.ClientStream(method, {.token = token});
  WriteFile<Request>(stream, std::move(start), content, piece);
  Attachment attachment;
  const absl::Status status = stream.Finish(attachment);
  if (!status.ok()) return status;
  return attachment;
}

// Three of the content's mebibytes, then no more. True if the server took them and gave no answer.
template <typename Request, typename Attachment, typename Start>
bool BreakOffUpload(client::Channel& channel, const std::string& method, const std::string& token,
                    Start start) {
  constexpr size_t kMebibyte = 1 << 20;
  client::AnyClientStream stream = channel.ClientStream(method, {.token = token});
  const bool taken = WriteFile<Request>(stream, std::move(start), PdfOf(3 * kMebibyte), kMebibyte);
  stream.Cancel();
  Attachment attachment;
  return taken && !stream.Finish(attachment).ok();
}

// The content; what its first message tells is dropped.
template <typename Response, typename Request>
absl::StatusOr<std::string> DownloadFile(client::Channel& channel, const std::string& method,
                                         const std::string& token, const Request& request) {
  client::AnyServerStream stream = channel.ServerStream(method, request, {.token = token});
  std::string content;
  Response message;
  while (stream.Next(message)) content += message.data();
  const absl::Status status = stream.Finish();
  if (!status.ok()) return status;
  return content;
}

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTING_ATTACHMENT_H_
