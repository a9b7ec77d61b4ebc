#include "services/customer/import/import_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/scope.h"

namespace crm::customer::import {
namespace {

constexpr int kRowsOfDelete = 5'000;

constexpr db::Query kClaim{"import_claim", R"sql(
  UPDATE import_job
  SET version = version + 1, holder = ?, lease_until = ?, attempts = attempts + 1, state = ?,
      start_time = COALESCE(start_time, ?)
  WHERE id = ? AND version = ?)sql"};

constexpr db::Query kAdvance{"import_advance", R"sql(
  UPDATE import_job
  SET position_offset = ?, position_line = ?, lease_until = ?, attempts = 0
  WHERE id = ?)sql"};

constexpr db::Query kRenew{"import_renew", R"sql(
  UPDATE import_job
  SET lease_until = ?
  WHERE id = ? AND holder = ?)sql"};

constexpr db::Query kRelease{"import_release", R"sql(
  UPDATE import_job
  SET lease_until = 0
  WHERE id = ? AND holder = ?)sql"};

constexpr db::Query kAddChunk{"import_add_chunk", R"sql(
  INSERT INTO import_chunk (job_id, sequence, create_time, data)
  VALUES (?, ?, ?, ?))sql"};

constexpr db::Query kReadChunk{"import_read_chunk", R"sql(
  SELECT data
  FROM import_chunk
  WHERE job_id = ? AND sequence = ?)sql"};

constexpr db::Query kDeleteChunks{"import_delete_chunks", R"sql(
  DELETE FROM import_chunk
  WHERE job_id = ?)sql"};

constexpr db::Query kOldChunks{"import_old_chunks", R"sql(
  SELECT DISTINCT chunk.job_id
  FROM import_chunk AS chunk
  LEFT JOIN import_job AS job ON job.id = chunk.job_id
  WHERE chunk.create_time < ? AND (job.id IS NULL OR job.end_time < ?)
  LIMIT 20)sql"};

constexpr db::Query kDeleteIssues{"import_delete_issues", R"sql(
  DELETE FROM import_issue
  WHERE job_id = ?
  LIMIT ?)sql"};

constexpr db::Query kDeleteRejected{"import_delete_rejected", R"sql(
  DELETE FROM import_rejected
  WHERE job_id = ?
  LIMIT ?)sql"};

constexpr db::Query kReadIssues{"import_read_issues", R"sql(
  SELECT line, sequence, issue
  FROM import_issue
  WHERE job_id = ? AND (line > ? OR (line = ? AND sequence > ?))
  ORDER BY line, sequence
  LIMIT ?)sql"};

constexpr db::Query kReadRejected{"import_read_rejected", R"sql(
  SELECT line, cells
  FROM import_rejected
  WHERE job_id = ? AND line > ?
  ORDER BY line
  LIMIT ?)sql"};

constexpr db::Query kSampleLimit{"import_sample_limit", R"sql(
  SELECT rank_hash
  FROM import_sample
  WHERE job_id = ?
  ORDER BY rank_hash
  LIMIT 1 OFFSET ?)sql"};

constexpr db::Query kDropCandidates{"import_drop_candidates", R"sql(
  DELETE FROM import_sample
  WHERE job_id = ? AND rank_hash >= ?)sql"};

constexpr db::Query kChooseSample{"import_choose_sample", R"sql(
  UPDATE import_sample
  SET chosen = 1
  WHERE job_id = ?)sql"};

constexpr db::Query kReadSample{"import_read_sample", R"sql(
  SELECT line, rank_hash, resource_id, resource_version, row_data, marks
  FROM import_sample
  WHERE job_id = ? AND line > ? AND chosen = 1
  ORDER BY line
  LIMIT ?)sql"};

constexpr db::Query kReadSampleRow{"import_read_sample_row", R"sql(
  SELECT line, rank_hash, resource_id, resource_version, row_data, marks
  FROM import_sample
  WHERE job_id = ? AND line = ? AND chosen = 1)sql"};

constexpr db::Query kMarkSample{"import_mark_sample", R"sql(
  UPDATE import_sample
  SET marks = ?
  WHERE job_id = ? AND line = ?)sql"};

// A row can come a second time when a batch is run again after an unknown commit.
const db::InsertSpec& IssueSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"import_issue",
                          {"job_id", "line", "sequence", "issue"},
                          "ON DUPLICATE KEY UPDATE issue = VALUES(issue)"};
  return spec;
}

const db::InsertSpec& RejectedSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"import_rejected",
                          {"job_id", "line", "cells"},
                          "ON DUPLICATE KEY UPDATE cells = VALUES(cells)"};
  return spec;
}

const db::InsertSpec& SampleSpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{
      "import_sample",
      {"job_id", "line", "rank_hash", "chosen", "resource_id", "resource_version", "row_data"},
      "ON DUPLICATE KEY UPDATE rank_hash = VALUES(rank_hash)"};
  return spec;
}

// A ciphertext belongs to its place.
std::string Aad(std::string_view table, int64_t job_id, int64_t place) {
  return absl::StrCat(ToAbsl(table), "|", job_id, "|", place);
}

absl::Status Damaged() {
  return Error(absl::StatusCode::kDataLoss, "IMPORT_FILE_DAMAGED",
               "the stored file of the import is not complete");
}

}  // namespace

bool HasEnded(v1::ImportState state) {
  return state != v1::IMPORT_STATE_QUEUED && state != v1::IMPORT_STATE_RUNNING;
}

ImportStore::ImportStore(crypto::Keyring& keyring)
    : table_(schema::MessageSchema::Of<v1::ImportJob>(), keyring,
             {"holder", "lease_until", "position_offset", "position_line", "attempts",
              "request_key", "content_hash", "scope"}),
      columns_(table_.Columns()),
      keyring_(keyring) {}

void ImportStore::Insert(db::WriteSet& writes, const StoredImport& import,
                         const std::optional<std::string>& request_key) const {
  table_.Insert(
      writes, import.key, import.job,
      {std::nullopt, import.lease_until, import.position.offset, import.position.line,
       import.attempts, request_key, import.content_hash, import.scope.SerializeAsString()});
}

absl::StatusOr<std::optional<StoredImport>> ImportStore::ReadOne(db::Rows rows) const {
  std::optional<StoredImport> found;
  if (!rows.Next()) return found;
  StoredImport& import = found.emplace();
  CRM_RETURN_IF_ERROR(table_.Read(rows, import.key, import.job));
  import.holder = rows.String(2);
  import.lease_until = rows.Time(3);
  import.position = {rows.Int(4), rows.Int(5)};
  import.attempts = rows.Int(6);
  import.content_hash = rows.String(8);
  import.scope.ParseFromString(rows.String(9));
  return found;
}

absl::StatusOr<StoredImport> ImportStore::Get(db::Connection& db, std::string_view number,
                                              const auth::RowScope& scope) const {
  db::Values params = {number};
  std::string sql = absl::StrCat("SELECT ", columns_, " FROM import_job WHERE number = ?");
  filter::Fragment condition = filter::ScopeCondition(table_.schema(), scope);
  if (!condition.empty()) {
    absl::StrAppend(&sql, " AND ", condition.sql);
    params.insert(params.end(), condition.values.begin(), condition.values.end());
  }
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"import_by_number", sql}, params));
  CRM_ASSIGN_OR_RETURN(std::optional<StoredImport> found, ReadOne(std::move(rows)));
  if (!found.has_value()) return NotFound(kImportType, number);
  return *std::move(found);
}

absl::StatusOr<std::optional<StoredImport>> ImportStore::FindByRequestKey(
    db::Connection& db, const std::string& key) const {
  const std::string sql =
      absl::StrCat("SELECT ", columns_, " FROM import_job WHERE request_key = ?");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"import_by_request", sql}, {key}));
  return ReadOne(std::move(rows));
}

absl::StatusOr<std::optional<StoredImport>> ImportStore::GetById(db::Connection& db,
                                                                 int64_t id) const {
  const std::string sql = absl::StrCat("SELECT ", columns_, " FROM import_job WHERE id = ?");
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"import_by_id", sql}, {id}));
  return ReadOne(std::move(rows));
}

absl::StatusOr<std::optional<StoredImport>> ImportStore::Claim(db::Connection& db,
                                                               std::string_view holder,
                                                               absl::Time now,
                                                               absl::Duration term) const {
  const std::string sql = absl::StrCat(
      "SELECT ", columns_,
      " FROM import_job WHERE state IN (?, ?) AND lease_until <= ? ORDER BY id LIMIT 1");
  while (true) {
    CRM_ASSIGN_OR_RETURN(
        db::Rows rows,
        db.Select({"import_due", sql}, {v1::IMPORT_STATE_QUEUED, v1::IMPORT_STATE_RUNNING, now}));
    CRM_ASSIGN_OR_RETURN(std::optional<StoredImport> due, ReadOne(std::move(rows)));
    if (!due.has_value()) return due;
    CRM_ASSIGN_OR_RETURN(const int64_t taken,
                         db.Execute(kClaim, {holder, now + term, v1::IMPORT_STATE_RUNNING, now,
                                             due->key.id, due->key.version}));
    if (taken == 1) return GetById(db, due->key.id);
  }
}

void ImportStore::Update(db::WriteSet& writes, resource::RowKey key, const v1::ImportJob& before,
                         const v1::ImportJob& after) const {
  table_.Update(writes, key, before, after);
}

void ImportStore::Advance(db::WriteSet& writes, int64_t id, const tabular::Position& position,
                          absl::Time lease_until) const {
  writes.Execute(kAdvance, {position.offset, position.line, lease_until, id});
}

absl::StatusOr<bool> ImportStore::Renew(db::Connection& db, int64_t id, std::string_view holder,
                                        absl::Time lease_until) const {
  CRM_ASSIGN_OR_RETURN(const int64_t renewed, db.Execute(kRenew, {lease_until, id, holder}));
  return renewed == 1;
}

absl::Status ImportStore::Release(db::Connection& db, int64_t id, std::string_view holder) const {
  return db.Execute(kRelease, {id, holder}).status();
}

absl::Status ImportStore::AddChunk(db::Connection& db, int64_t job_id, int64_t sequence,
                                   absl::Time now, std::string_view data) const {
  return db
      .Execute(kAddChunk, {job_id, sequence, now,
                           keyring_.Encrypt(data, Aad("import_chunk", job_id, sequence))})
      .status();
}

absl::Status ImportStore::ReadChunks(
    db::Connection& db, int64_t job_id, int64_t bytes,
    const std::function<absl::Status(std::string_view)>& sink) const {
  int64_t read = 0;
  for (int64_t sequence = 0;; ++sequence) {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadChunk, {job_id, sequence}));
    if (!rows.Next()) break;
    CRM_ASSIGN_OR_RETURN(const std::string data,
                         keyring_.Decrypt(rows.String(0), Aad("import_chunk", job_id, sequence)));
    CRM_RETURN_IF_ERROR(sink(data));
    read += static_cast<int64_t>(data.size());
  }
  return read == bytes ? absl::OkStatus() : Damaged();
}

absl::Status ImportStore::DeleteChunks(db::Connection& db, int64_t job_id) const {
  return db.Execute(kDeleteChunks, {job_id}).status();
}

absl::StatusOr<int64_t> ImportStore::PurgeChunks(db::Connection& db, absl::Time before) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kOldChunks, {before, before}));
  int64_t jobs = 0;
  while (rows.Next()) {
    CRM_RETURN_IF_ERROR(DeleteChunks(db, rows.Int(0)));
    ++jobs;
  }
  return jobs;
}

void ImportStore::AddIssue(db::WriteSet& writes, int64_t job_id, int64_t line, int64_t sequence,
                           const v1::ImportIssue& issue) const {
  writes.Insert(IssueSpec(), {job_id, line, sequence, issue.SerializeAsString()});
}

void ImportStore::AddRejected(db::WriteSet& writes, int64_t job_id, int64_t line,
                              const v1::ImportCells& cells) const {
  writes.Insert(RejectedSpec(), {job_id, line,
                                 keyring_.Encrypt(cells.SerializeAsString(),
                                                  Aad("import_rejected", job_id, line))});
}

void ImportStore::AddSample(db::WriteSet& writes, int64_t job_id,
                            const SampleCandidate& candidate) const {
  writes.Insert(SampleSpec(), {job_id, candidate.line, candidate.rank_hash, 0,
                               candidate.resource_id, candidate.resource_version,
                               keyring_.Encrypt(candidate.source.SerializeAsString(),
                                                Aad("import_sample", job_id, candidate.line))});
}

absl::Status ImportStore::DeleteFindings(db::Connection& db, int64_t job_id) const {
  for (const db::Query& query : {kDeleteIssues, kDeleteRejected}) {
    int64_t deleted = 0;
    do {
      CRM_ASSIGN_OR_RETURN(deleted, db.Execute(query, {job_id, kRowsOfDelete}));
    } while (deleted == kRowsOfDelete);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ImportStore::PlacedIssue>> ImportStore::ReadIssues(db::Connection& db,
                                                                              int64_t job_id,
                                                                              IssuePlace after,
                                                                              int limit) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadIssues, {job_id, after.line, after.line,
                                                              after.sequence, limit}));
  std::vector<PlacedIssue> issues;
  while (rows.Next()) {
    PlacedIssue& issue = issues.emplace_back();
    issue.place = {rows.Int(0), rows.Int(1)};
    issue.issue.ParseFromString(rows.String(2));
  }
  return issues;
}

absl::StatusOr<std::vector<ImportStore::RejectedRow>> ImportStore::ReadRejected(db::Connection& db,
                                                                                int64_t job_id,
                                                                                int64_t after_line,
                                                                                int limit) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadRejected, {job_id, after_line, limit}));
  std::vector<RejectedRow> rejected;
  while (rows.Next()) {
    RejectedRow& row = rejected.emplace_back();
    row.line = rows.Int(0);
    CRM_ASSIGN_OR_RETURN(
        const std::string cells,
        keyring_.Decrypt(rows.String(1), Aad("import_rejected", job_id, row.line)));
    row.cells.ParseFromString(cells);
  }
  return rejected;
}

absl::Status ImportStore::ChooseSample(db::Connection& db, int64_t job_id, int64_t count) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kSampleLimit, {job_id, count}));
  if (rows.Next()) {
    CRM_RETURN_IF_ERROR(db.Execute(kDropCandidates, {job_id, rows.Int(0)}).status());
  }
  return db.Execute(kChooseSample, {job_id}).status();
}

absl::StatusOr<SampleCandidate> ImportStore::ReadCandidate(const db::Rows& rows,
                                                           int64_t job_id) const {
  SampleCandidate candidate;
  candidate.line = rows.Int(0);
  candidate.rank_hash = rows.Int(1);
  candidate.resource_id = rows.Int(2);
  candidate.resource_version = rows.Int(3);
  CRM_ASSIGN_OR_RETURN(
      const std::string source,
      keyring_.Decrypt(rows.String(4), Aad("import_sample", job_id, candidate.line)));
  candidate.source.ParseFromString(source);
  candidate.marks.ParseFromString(rows.String(5));
  return candidate;
}

absl::StatusOr<std::vector<SampleCandidate>> ImportStore::ReadSample(db::Connection& db,
                                                                     int64_t job_id,
                                                                     int64_t after_line,
                                                                     int limit) const {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadSample, {job_id, after_line, limit}));
  std::vector<SampleCandidate> sample;
  while (rows.Next()) {
    CRM_ASSIGN_OR_RETURN(SampleCandidate candidate, ReadCandidate(rows, job_id));
    sample.push_back(std::move(candidate));
  }
  return sample;
}

absl::StatusOr<std::optional<SampleCandidate>> ImportStore::ReadSampleRow(db::Connection& db,
                                                                          int64_t job_id,
                                                                          int64_t line) const {
  std::optional<SampleCandidate> found;
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kReadSampleRow, {job_id, line}));
  if (!rows.Next()) return found;
  CRM_ASSIGN_OR_RETURN(found, ReadCandidate(rows, job_id));
  return found;
}

void ImportStore::MarkSample(db::WriteSet& writes, int64_t job_id, int64_t line,
                             const v1::ImportSampleMarks& marks) const {
  writes.Execute(kMarkSample, {marks.SerializeAsString(), job_id, line}, db::Expect::kSomeRow);
}

}  // namespace crm::customer::import
