// CreateImport: a file on its way into the database.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/digest.h"
#include "common/db/db_error.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "services/customer/customer_changes.h"
#include "services/customer/import/import_handlers.h"

namespace crm::customer::import {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

absl::Status SpecMissing() {
  return InvalidField("spec", "REQUIRED", "send the spec in the first message");
}

v1::ImportScope ScopeOf(const auth::RowScope& scope) {
  v1::ImportScope stored;
  stored.set_user(scope.user_id);
  for (const std::string& team : scope.teams) stored.add_teams(team);
  if (scope.kind == auth::RowScope::Kind::kAll) stored.set_reach(v1::ImportScope::REACH_ALL);
  if (scope.kind == auth::RowScope::Kind::kTeams) stored.set_reach(v1::ImportScope::REACH_TEAMS);
  return stored;
}

}  // namespace

// Cuts what comes into pieces of one size, so that their digest depends on the file alone.
class ImportHandlers::Upload {
 public:
  Upload(const Parts& parts, CallContext& call, bool store)
      : parts_(parts), call_(call), store_(store), job_id_(parts.ids.Next()) {}

  // What was stored is of no use unless the job is made.
  ~Upload() {
    if (!store_ || kept_ || pieces_ == 0) return;
    if (auto db = call_.Db(); db.ok()) parts_.store.DeleteChunks(**db, job_id_).IgnoreError();
  }

  absl::Status Add(std::string_view chunk) {
    bytes_ += static_cast<int64_t>(chunk.size());
    if (bytes_ > kMaxFileBytes) {
      return Error(absl::StatusCode::kInvalidArgument, "FILE_TOO_LARGE",
                   "a file has at most 512 MiB; split it");
    }
    while (!chunk.empty()) {
      const size_t part = std::min(chunk.size(), kPieceBytes - piece_.size());
      piece_ += chunk.substr(0, part);
      chunk.remove_prefix(part);
      if (piece_.size() == kPieceBytes) CRM_RETURN_IF_ERROR(StorePiece());
    }
    return absl::OkStatus();
  }

  absl::Status End() {
    if (bytes_ == 0) {
      return Error(absl::StatusCode::kInvalidArgument, "FILE_EMPTY", "the file has no content");
    }
    return piece_.empty() ? absl::OkStatus() : StorePiece();
  }

  void Keep() { kept_ = true; }
  int64_t job_id() const { return job_id_; }
  int64_t bytes() const { return bytes_; }
  const std::string& digest() const { return digest_; }

 private:
  absl::Status StorePiece() {
    digest_ = crypto::Sha256(digest_ + piece_);
    if (store_) {
      CRM_ASSIGN_OR_RETURN(db::Connection * db, call_.Db());
      CRM_RETURN_IF_ERROR(
          parts_.store.AddChunk(*db, job_id_, pieces_++, parts_.clock.Now(), piece_));
      call_.ReleaseDb();  // the client may be slow
    }
    piece_.clear();
    return absl::OkStatus();
  }

  const Parts& parts_;
  CallContext& call_;
  const bool store_;
  const int64_t job_id_;
  bool kept_ = false;
  std::string piece_;
  std::string digest_;
  int64_t bytes_ = 0;
  int64_t pieces_ = 0;
};

absl::StatusOr<v1::ImportJob> ImportHandlers::Create(
    CallContext& call, server::StreamReader<v1::CreateImportRequest>& reader) {
  v1::CreateImportRequest message;
  if (!reader.Read(message)) return reader.status().ok() ? SpecMissing() : reader.status();
  if (!message.has_spec()) return SpecMissing();
  const v1::ImportSpec spec = message.spec();
  const auto kind = parts_.kinds.find(spec.kind());
  if (kind == parts_.kinds.end()) {
    return Error(absl::StatusCode::kUnimplemented, "IMPORT_KIND_UNAVAILABLE",
                 "this kind of import is not available");
  }
  CRM_RETURN_IF_ERROR(kind->second->CheckSpec(spec));

  std::optional<std::string> request_key;
  std::optional<StoredImport> earlier;
  if (!message.request_id().empty()) {
    request_key = parts_.keyring.LookupHash(
        "import.request", absl::StrCat(call.caller().id, "\n", message.request_id()));
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    CRM_ASSIGN_OR_RETURN(earlier, parts_.store.FindByRequestKey(*db, *request_key));
    call.ReleaseDb();
  }
  Upload upload(parts_, call, !earlier.has_value());
  while (reader.Read(message)) {
    if (message.content_case() != v1::CreateImportRequest::kChunk) {
      return InvalidField("chunk", "REQUIRED", "send the file after the spec");
    }
    CRM_RETURN_IF_ERROR(upload.Add(message.chunk()));
  }
  CRM_RETURN_IF_ERROR(reader.status());
  CRM_RETURN_IF_ERROR(upload.End());
  const std::string content_hash = parts_.keyring.LookupHash(
      "import.content", absl::StrCat(spec.SerializeAsString(), "\n", upload.digest()));
  const auto answer_earlier = [&](const StoredImport& import) -> absl::StatusOr<v1::ImportJob> {
    if (import.content_hash == content_hash) return import.job;
    return Error(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
                 "the request id was used for another file or spec")
        .Field("request_id", "REUSED", "use a new id for a new import");
  };
  if (earlier.has_value()) return answer_earlier(*earlier);

  StoredImport import;
  import.key = {upload.job_id(), 1};
  import.content_hash = content_hash;
  import.scope = ScopeOf(call.scope());
  const CustomerOwners::Giver giver = parts_.owners.GiverOf(call.caller());
  import.scope.set_owner(giver.user);
  import.scope.set_may_assign(giver.may_assign);
  v1::ImportJob& job = import.job;
  CRM_ASSIGN_OR_RETURN(*job.mutable_number(), parts_.numbers.Next(call.now()));
  job.set_kind(spec.kind());
  job.set_state(v1::IMPORT_STATE_QUEUED);
  job.set_file_name(spec.file_name());
  job.set_file_bytes(upload.bytes());
  *job.mutable_spec() = spec;
  job.set_dry_run(spec.dry_run());
  job.set_creator(call.caller().id);
  job.set_team(call.caller().team);
  SetTime(call.now(), *job.mutable_create_time());

  db::WriteSet writes;
  parts_.store.Insert(writes, import, request_key);
  writes.AddEvent(event::MakeEvent({.type = "import.created",
                                    .subject = job.number(),
                                    .version = 1,
                                    .time = call.now(),
                                    .actor = job.creator(),
                                    .payload = &job}));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  const db::WriteSet* const all[] = {&writes};
  const absl::Status status = db::CommitOn(*db, all, parts_.outbox);
  if (db::ClassOf(status) == db::DbErrorClass::kDuplicateKey && request_key.has_value()) {
    // The same call at the same time was faster.
    CRM_ASSIGN_OR_RETURN(earlier, parts_.store.FindByRequestKey(*db, *request_key));
    if (earlier.has_value()) return answer_earlier(*earlier);
  }
  // If the outcome is not known the file stays for the job that may be there; otherwise it is
  // purged.
  if (db::ClassOf(status) == db::DbErrorClass::kCommitUnknown) upload.Keep();
  CRM_RETURN_IF_ERROR(status);
  upload.Keep();
  parts_.wake();
  return job;
}

}  // namespace crm::customer::import
