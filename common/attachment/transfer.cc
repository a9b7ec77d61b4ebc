#include "common/attachment/transfer.h"

namespace crm::attachment {
namespace {

// Of a message of a download.
constexpr size_t kPieceBytes = 256 << 10;

}  // namespace

absl::Status Send(server::CallContext& call, const ContentStore& contents, int64_t content_id,
                  int64_t size, absl::FunctionRef<bool(std::string piece)> write) {
  for (int seq = 0; size > 0; ++seq) {
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    CRM_ASSIGN_OR_RETURN(const std::string chunk, contents.ReadChunk(*db, content_id, seq));
    call.ReleaseDb();
    size -= static_cast<int64_t>(chunk.size());
    for (size_t at = 0; at < chunk.size(); at += kPieceBytes) {
      if (!write(chunk.substr(at, kPieceBytes))) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

}  // namespace crm::attachment
