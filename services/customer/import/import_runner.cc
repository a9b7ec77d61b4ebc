#include "services/customer/import/import_runner.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/error/error.h"
#include "common/event/outbox.h"
#include "services/customer/customer_changes.h"
#include "services/customer/import/import_tally.h"

namespace crm::customer::import {
namespace {

using db::DbErrorClass;

constexpr absl::Duration kConnectionTimeout = absl::Seconds(10);
constexpr absl::Duration kStatementTimeout = absl::Minutes(2);
constexpr absl::Duration kChunkAge = absl::Hours(24);
constexpr int kMaxTries = 10;  // of one batch
constexpr int kSamplePage = 250;
constexpr double kRequiredAccuracy = 0.98;

// The run is over for this process, and nobody is to blame.
absl::Status Lost() {
  return Error(absl::StatusCode::kAborted, "IMPORT_LOST",
               "the import was cancelled or taken over by another process");
}

bool IsLost(const absl::Status& status) { return ErrorReason(status) == "IMPORT_LOST"; }

// The file is to blame, not the machine: running again would not help.
bool IsFileError(const absl::Status& status) {
  if (db::ClassOf(status) != DbErrorClass::kNone) return false;
  return status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kDataLoss;
}

// The machine is to blame, and may be well again after a while.
bool MayPass(const absl::Status& status) {
  const DbErrorClass error = db::ClassOf(status);
  if (error == DbErrorClass::kNone) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
           absl::IsResourceExhausted(status) || absl::IsCancelled(status);
  }
  return error != DbErrorClass::kBug && error != DbErrorClass::kDuplicateKey;
}

// For the job's owner: the message, and the database's error number.
std::string MessageOf(const absl::Status& cause) {
  constexpr size_t kMaxMessage = 470;
  std::string message(cause.message().substr(0, kMaxMessage));
  if (const int code = db::DriverCodeOf(cause); code != 0) {
    absl::StrAppend(&message, " (error ", code, ")");
  }
  return message;
}

bool WorthAnotherTry(DbErrorClass error) {
  return error == DbErrorClass::kDuplicateKey || error == DbErrorClass::kWriteConflict ||
         error == DbErrorClass::kRetryable || error == DbErrorClass::kConnectionLost ||
         error == DbErrorClass::kCommitUnknown;
}

}  // namespace

ImportContext ContextOf(const StoredImport& import, absl::Time now) {
  ImportContext context;
  context.number = import.job.number();
  context.spec = import.job.spec();
  context.actor = import.job.creator();
  context.giver = {.user = import.scope.owner(),
                   .team = import.job.team(),
                   .may_assign = import.scope.may_assign()};
  context.now = now;
  context.created = TimeOf(import.job.create_time());
  context.dry_run = import.job.dry_run();
  context.scope.user_id = import.scope.user();
  context.scope.teams = {import.scope.teams().begin(), import.scope.teams().end()};
  switch (import.scope.reach()) {
    case v1::ImportScope::REACH_ALL:
      context.scope.kind = auth::RowScope::Kind::kAll;
      break;
    case v1::ImportScope::REACH_TEAMS:
      context.scope.kind = auth::RowScope::Kind::kTeams;
      break;
    default:
      context.scope.kind = auth::RowScope::Kind::kOwn;
  }
  return context;
}

void SetAccuracy(v1::ImportVerification& verification) {
  verification.set_accuracy(verification.fields() == 0
                                ? 1.0
                                : static_cast<double>(verification.equal_fields()) /
                                      static_cast<double>(verification.fields()));
}

v1::ImportState StateAfter(const v1::ImportVerification& verification) {
  return verification.accuracy() < kRequiredAccuracy ? v1::IMPORT_STATE_FAILED_VERIFICATION
                                                     : v1::IMPORT_STATE_SUCCEEDED;
}

// One job on one replica.
class ImportRunner::Run {
 public:
  Run(const Parts& parts, const RunnerOptions& options, StoredImport import)
      : parts_(parts), options_(options), import_(std::move(import)) {}

  absl::Status Work(const std::stop_token& stop) {
    CRM_RETURN_IF_ERROR(Connect());
    absl::Status status = Prepare(stop);
    if (status.ok()) status = WorkThroughFile(stop);
    source_.reset();  // its thread uses the run
    if (status.ok() || IsLost(status)) return absl::OkStatus();
    const int64_t attempts = MayPass(status) ? options_.max_attempts : options_.max_refusals;
    if (IsFileError(status) || import_.attempts >= attempts) return Fail(status);
    Release();
    return status;
  }

  // So that others can go on at once after a clean stop.
  void Release() {
    if (Connect().ok()) {
      parts_.store.Release(**db_, import_.key.id, options_.holder).IgnoreError();
    }
  }

 private:
  absl::Status Connect() {
    if (db_.has_value() && (*db_)->usable()) return absl::OkStatus();
    db_.reset();
    CRM_ASSIGN_OR_RETURN(db_, parts_.pool.Acquire(absl::Now() + kConnectionTimeout));
    (*db_)->SetDeadline(absl::Now() + kStatementTimeout);
    return absl::OkStatus();
  }

  absl::Status Prepare(const std::stop_token& stop) {
    const auto kind = parts_.kinds.find(import_.job.kind());
    if (kind == parts_.kinds.end()) {
      return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_KIND_UNAVAILABLE",
                   "this kind of import is not available");
    }
    CRM_ASSIGN_OR_RETURN(
        source_, ImportSource::Open(**db_, parts_.store, import_, *kind->second, options_.source));
    CRM_ASSIGN_OR_RETURN(
        run_, kind->second->Open(ContextOf(import_, parts_.clock.Now()), source_->plan()));
    // A dry run leaves nothing that a later run could go on from.
    if (import_.job.dry_run()) CRM_RETURN_IF_ERROR(ForgetDryRun());
    if (!job_.has_report()) StartReport(source_->plan(), source_->header_line(), job_);
    return source_->Start(*run_, import_.position, job_.rows_read(), import_.key.id,
                          [&] { return KeepOn(stop); });
  }

  // Between the rows of a long preparation.
  absl::Status KeepOn(const std::stop_token& stop) {
    if (stop.stop_requested()) {
      Release();
      return Lost();
    }
    CRM_RETURN_IF_ERROR(Connect());
    (*db_)->SetDeadline(absl::Now() + kStatementTimeout);
    CRM_ASSIGN_OR_RETURN(const bool held, parts_.store.Renew(**db_, import_.key.id, options_.holder,
                                                             parts_.clock.Now() + options_.lease));
    return held ? absl::OkStatus() : Lost();
  }

  absl::Status ForgetDryRun() {
    CRM_RETURN_IF_ERROR(parts_.store.DeleteFindings(**db_, import_.key.id));
    job_ = import_.job;
    for (auto clear : {&v1::ImportJob::clear_rows_read, &v1::ImportJob::clear_created,
                       &v1::ImportJob::clear_updated, &v1::ImportJob::clear_merged,
                       &v1::ImportJob::clear_skipped, &v1::ImportJob::clear_rejected,
                       &v1::ImportJob::clear_report, &v1::ImportJob::clear_progress}) {
      (job_.*clear)();
    }
    import_.position = {};
    return absl::OkStatus();
  }

  absl::Status WorkThroughFile(const std::stop_token& stop) {
    const absl::Time start = absl::Now();
    int64_t rows = 0;
    while (std::optional<ParsedBatch> batch = source_->Next()) {
      if (stop.stop_requested()) {
        Release();
        return Lost();
      }
      const absl::Time begin = absl::Now();
      rows += static_cast<int64_t>(batch->rows.size());
      CRM_RETURN_IF_ERROR(CommitBatch(*batch, rows, start));
      parts_.metrics.ObserveBatch(absl::Now() - begin);
      parts_.progress.Announce();
      CRM_RETURN_IF_ERROR(batch->status);
      if (batch->last) return Finish();
    }
    return absl::OkStatus();
  }

  absl::Status CommitBatch(const ParsedBatch& batch, int64_t rows, absl::Time start) {
    absl::Status status;
    for (int attempt = 0; attempt < kMaxTries; ++attempt) {
      CRM_RETURN_IF_ERROR(Connect());
      (*db_)->SetDeadline(absl::Now() + kStatementTimeout);
      absl::StatusOr<BatchChange> change = run_->Apply(**db_, batch.rows, attempt);
      if (!change.ok()) {
        status = change.status();
      } else {
        v1::ImportJob after = job_;
        AddBatch(batch, *change, run_->row_weight(), after);
        SetProgress(batch, rows, absl::Now() - start, after);
        status = Commit(batch, *change, after);
        if (status.ok()) return Committed(batch, *change, std::move(after));
      }
      const DbErrorClass error = db::ClassOf(status);
      if (!WorthAnotherTry(error)) return status;
      if (error != DbErrorClass::kRetryable) {
        CRM_ASSIGN_OR_RETURN(const bool done, WasCommitted());
        if (done && change.ok()) {
          v1::ImportJob after = job_;
          AddBatch(batch, *change, run_->row_weight(), after);
          SetProgress(batch, rows, absl::Now() - start, after);
          return Committed(batch, *change, std::move(after), /*version_is_read=*/true);
        }
      }
    }
    return status;
  }

  absl::Status Commit(const ParsedBatch& batch, const BatchChange& change,
                      const v1::ImportJob& after) {
    if (options_.before_commit != nullptr && !options_.before_commit(job_.rows_read()).ok()) {
      return Lost();
    }
    db::WriteSet report;
    AddFindings(batch, change, report);
    parts_.store.Update(report, import_.key, import_.job, after);
    parts_.store.Advance(report, import_.key.id, batch.end, parts_.clock.Now() + options_.lease);
    const db::WriteSet* const writes[] = {&change.writes, &report};
    return db::CommitOn(**db_, writes, parts_.outbox);
  }

  absl::Status Committed(const ParsedBatch& batch, const BatchChange& change, v1::ImportJob after,
                         bool version_is_read = false) {
    if (!version_is_read) ++import_.key.version;
    import_.job = after;
    import_.position = batch.end;
    import_.attempts = 0;
    job_ = std::move(after);
    if (change.after_commit != nullptr) change.after_commit();
    for (const RowResult& result : change.results) parts_.metrics.CountRows(result.outcome, 1);
    return absl::OkStatus();
  }

  // After an error that leaves it open: whether the batch is stored. IMPORT_LOST if the job is no
  // longer ours.
  absl::StatusOr<bool> WasCommitted() {
    CRM_RETURN_IF_ERROR(Connect());
    CRM_ASSIGN_OR_RETURN(const std::optional<StoredImport> now,
                         parts_.store.GetById(**db_, import_.key.id));
    if (!now.has_value() || HasEnded(now->job.state()) || now->holder != options_.holder) {
      return Lost();
    }
    if (now->key.version == import_.key.version) return false;
    if (now->key.version != import_.key.version + 1) return Lost();
    import_.key.version = now->key.version;
    return true;
  }

  void AddFindings(const ParsedBatch& batch, const BatchChange& change, db::WriteSet& writes) {
    const int64_t id = import_.key.id;
    absl::flat_hash_map<int64_t, int64_t> next;  // sequence by line
    for (const auto& row : batch.rows) {
      for (const v1::ImportIssue& issue : row->issues) {
        parts_.store.AddIssue(writes, id, row->line, next[row->line]++, issue);
      }
    }
    for (const v1::ImportIssue& issue : change.issues) {
      parts_.store.AddIssue(writes, id, issue.line(), next[issue.line()]++, issue);
    }
    for (size_t i = 0; i < batch.rows.size(); ++i) {
      const ParsedRow& row = *batch.rows[i];
      const RowResult& result = change.results[i];
      if (result.outcome == RowOutcome::kRejected) {
        parts_.store.AddRejected(writes, id, row.line, row.raw.ToProto());
      } else if (row.sampled && result.resource_id != 0 && !result.fields.empty()) {
        SampleCandidate candidate{.line = row.line,
                                  .rank_hash = row.rank_hash,
                                  .resource_id = result.resource_id,
                                  .resource_version = result.resource_version,
                                  .source = {},
                                  .marks = {}};
        *candidate.source.mutable_cells() = row.raw.ToProto();
        for (const std::string& field : result.fields) candidate.source.add_fields(field);
        parts_.store.AddSample(writes, id, candidate);
      }
    }
  }

  absl::Status Finish() {
    v1::ImportJob after = job_;
    after.set_state(v1::IMPORT_STATE_SUCCEEDED);
    if (!after.dry_run()) {
      CRM_ASSIGN_OR_RETURN(*after.mutable_verification(), Verify());
      after.set_state(StateAfter(after.verification()));
    }
    return End(std::move(after));
  }

  // CUS-32
  absl::StatusOr<v1::ImportVerification> Verify() {
    const int64_t id = import_.key.id;
    CRM_RETURN_IF_ERROR(parts_.store.ChooseSample(**db_, id, SampleSize(job_.rows_read())));
    v1::ImportVerification verification;
    int64_t last_line = -1;
    while (true) {
      (*db_)->SetDeadline(absl::Now() + kStatementTimeout);
      CRM_ASSIGN_OR_RETURN(const std::vector<SampleCandidate> page,
                           parts_.store.ReadSample(**db_, id, last_line, kSamplePage));
      if (page.empty()) break;
      last_line = page.back().line;
      CRM_RETURN_IF_ERROR(VerifyPage(page, verification));
    }
    SetAccuracy(verification);
    return verification;
  }

  absl::Status VerifyPage(const std::vector<SampleCandidate>& page,
                          v1::ImportVerification& verification) {
    std::vector<ImportRun::Sampled> rows;
    for (const SampleCandidate& row : page) {
      rows.push_back({row.line, row.resource_id, row.resource_version, row.source});
    }
    CRM_ASSIGN_OR_RETURN(const std::vector<v1::ImportSampleRow> compared,
                         run_->Compare(**db_, rows));
    for (const v1::ImportSampleRow& row : compared) {
      verification.set_rows(verification.rows() + 1);
      verification.set_fields(verification.fields() + row.fields_size());
      for (const v1::ImportSampleField& field : row.fields()) {
        if (field.equal()) verification.set_equal_fields(verification.equal_fields() + 1);
      }
    }
    return absl::OkStatus();
  }

  absl::Status Fail(const absl::Status& cause) {
    v1::ImportJob after = import_.job;
    after.set_state(v1::IMPORT_STATE_FAILED);
    const std::string reason = ErrorReason(cause);
    after.set_error_reason(reason.empty() ? "IMPORT_FAILED" : reason);
    after.set_error_message(MessageOf(cause));
    return End(std::move(after));
  }

  absl::Status End(v1::ImportJob after) {
    SetTime(parts_.clock.Now(), *after.mutable_end_time());
    db::WriteSet writes;
    parts_.store.Update(writes, import_.key, import_.job, after);
    writes.AddEvent(event::MakeEvent({.type = "import.ended",
                                      .subject = after.number(),
                                      .version = import_.key.version + 1,
                                      .time = parts_.clock.Now(),
                                      .actor = after.creator(),
                                      .payload = &after}));
    CRM_RETURN_IF_ERROR(Connect());
    const db::WriteSet* const all[] = {&writes};
    const absl::Status status = db::CommitOn(**db_, all, parts_.outbox);
    if (db::ClassOf(status) == DbErrorClass::kWriteConflict) return absl::OkStatus();  // cancelled
    CRM_RETURN_IF_ERROR(status);
    parts_.metrics.CountEnd(after.state());
    parts_.progress.Announce();
    return absl::OkStatus();
  }

  const Parts& parts_;
  const RunnerOptions& options_;
  StoredImport import_;              // as it is stored
  v1::ImportJob job_ = import_.job;  // with what the next commit adds
  std::optional<db::Pool::Lease> db_;
  std::unique_ptr<ImportRun> run_;
  std::unique_ptr<ImportSource> source_;
};

absl::StatusOr<std::optional<StoredImport>> ImportRunner::ClaimNext() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(absl::Now() + kConnectionTimeout));
  return parts_.store.Claim(*db, options_.holder, parts_.clock.Now(), options_.lease);
}

absl::StatusOr<absl::Time> ImportRunner::RunDue(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    CRM_ASSIGN_OR_RETURN(std::optional<StoredImport> import, ClaimNext());
    if (!import.has_value()) break;
    parts_.metrics.SetRunning(1);
    const absl::Status status = Run(parts_, options_, *std::move(import)).Work(stop);
    parts_.metrics.SetRunning(0);
    CRM_RETURN_IF_ERROR(status);
  }
  return absl::InfiniteFuture();
}

absl::StatusOr<job::Progress> ImportRunner::Purge() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, parts_.pool.Acquire(absl::Now() + kConnectionTimeout));
  CRM_ASSIGN_OR_RETURN(const int64_t purged,
                       parts_.store.PurgeChunks(*db, parts_.clock.Now() - kChunkAge));
  return purged > 0 ? job::Progress::kMore : job::Progress::kDone;
}

}  // namespace crm::customer::import
