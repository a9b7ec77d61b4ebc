// One upload (TIC-9): its content goes to the database as it comes, a chunk at a time; no
// connection is held while the client is slow. Not thread-safe.
//
//   Upload upload(contents, pool, call, start.file_name(), start.sha256());
//   while (…) CRM_RETURN_IF_ERROR(upload.Add(message.data()));
//   CRM_ASSIGN_OR_RETURN(const File file, upload.Finish());
//   CRM_RETURN_IF_ERROR(upload.Keep(*db, call.writes()));   // with the row of the attachment
//
// Whoever does not keep it calls Discard. Errors of Add and Finish: INVALID_ARGUMENT with reason
// ATTACHMENT_TOO_LARGE, ATTACHMENT_EMPTY, CONTENT_TYPE_REFUSED or SHA256_DIFFERS, naming `data` or
// `start.sha256`; those of the database.
#ifndef CRM_COMMON_ATTACHMENT_UPLOAD_H_
#define CRM_COMMON_ATTACHMENT_UPLOAD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/attachment/content_store.h"
#include "common/attachment/content_type.h"
#include "common/crypto/digest.h"
#include "common/db/pool.h"
#include "common/server/call_context.h"

namespace crm::attachment {

// What was uploaded.
struct File {
  std::string name;
  std::string content_type;
  int64_t size = 0;
  std::string sha256;  // hexadecimal
};

// INVALID_ARGUMENT: why an upload is not taken.
absl::Status RefuseUpload(std::string_view reason, std::string_view field, std::string_view mend);

class Upload {
 public:
  // `contents`, `pool` and `call` outlive it. `sha256`: what the client says; empty = nothing.
  Upload(const ContentStore& contents, db::Pool& pool, server::CallContext& call,
         std::string file_name, std::string sha256)
      : contents_(contents),
        pool_(pool),
        call_(call),
        file_name_(std::move(file_name)),
        sha256_(std::move(sha256)) {}

  absl::Status Add(std::string_view bytes);
  absl::StatusOr<File> Finish();
  // Adds what keeps the content to the write set that has the attachment's row. A content that is
  // stored already is used, and this one discarded.
  absl::Status Keep(db::Connection& db, db::WriteSet& writes, const File& file);
  // Leaves nothing, also after the call's deadline; what cannot be removed now is removed by the
  // purge.
  void Discard();

 private:
  absl::Status Flush();

  const ContentStore& contents_;
  db::Pool& pool_;
  server::CallContext& call_;
  const std::string file_name_;
  const std::string sha256_;
  std::optional<int64_t> content_id_;
  int next_chunk_ = 0;
  int64_t size_ = 0;
  std::string buffer_;
  crypto::Sha256Stream digest_;
  ContentTypeFinder finder_;
};

}  // namespace crm::attachment

#endif  // CRM_COMMON_ATTACHMENT_UPLOAD_H_
