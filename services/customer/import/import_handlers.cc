#include "services/customer/import/import_handlers.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/filter/list_query.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/customer/customer_changes.h"
#include "services/customer/import/rejected_file.h"

namespace crm::customer::import {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;
constexpr int kRowsOfDownload = 200;
constexpr int kIssuesOfRow = 50;
constexpr size_t kBytesOfChunk = 64 << 10;
// How late the progress of another replica may be seen, and how often anybody is told.
constexpr std::chrono::milliseconds kWatchPause{500};
constexpr std::chrono::milliseconds kWatchRest{50};

int PageSize(int32_t asked) {
  return asked == 0 ? kDefaultPageSize : std::min<int32_t>(asked, kMaxPageSize);
}

absl::Status BadToken() {
  return InvalidField("page_token", "PAGE_TOKEN_INVALID",
                      "send next_page_token of the answer before");
}

// `line` or `line.sequence` of the last row of the page before.
absl::StatusOr<ImportStore::IssuePlace> PlaceOf(const std::string& token) {
  ImportStore::IssuePlace place{-1, -1};
  if (token.empty()) return place;
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &place.line) ||
      !absl::SimpleAtoi(parts[1], &place.sequence)) {
    return BadToken();
  }
  return place;
}

bool IsVerified(const v1::ImportJob& job) {
  return job.has_verification() && (job.state() == v1::IMPORT_STATE_SUCCEEDED ||
                                    job.state() == v1::IMPORT_STATE_FAILED_VERIFICATION);
}

std::set<std::string> SetOf(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

void ImportHandlers::Register(server::MethodTable& table) {
  const auto bind = [this](auto method) {
    return [this, method](auto&... args) { return (this->*method)(args...); };
  };
  table.ClientStream<v1::CreateImportRequest, v1::ImportJob>("CreateImport",
                                                             bind(&ImportHandlers::Create));
  table.Unary<v1::GetImportRequest, v1::ImportJob>("GetImport", bind(&ImportHandlers::Get));
  table.Unary<v1::ListImportsRequest, v1::ListImportsResponse>("ListImports",
                                                               bind(&ImportHandlers::List));
  table.ServerStream<v1::WatchImportRequest, v1::ImportJob>("WatchImport",
                                                            bind(&ImportHandlers::Watch));
  table.Unary<v1::ListImportIssuesRequest, v1::ListImportIssuesResponse>(
      "ListImportIssues", bind(&ImportHandlers::ListIssues));
  table.ServerStream<v1::DownloadRejectedRequest, v1::FileChunk>("DownloadRejected",
                                                                 bind(&ImportHandlers::Download));
  table.Unary<v1::CancelImportRequest, v1::ImportJob>("CancelImport",
                                                      bind(&ImportHandlers::Cancel));
  table.Unary<v1::GetImportSampleRequest, v1::GetImportSampleResponse>(
      "GetImportSample", bind(&ImportHandlers::GetSample));
  table.Unary<v1::MarkImportSampleRequest, v1::ImportJob>("MarkImportSample",
                                                          bind(&ImportHandlers::MarkSample));
}

absl::StatusOr<v1::ImportJob> ImportHandlers::Get(CallContext& call,
                                                  const v1::GetImportRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(StoredImport import, parts_.store.Get(*db, request.import(), call.scope()));
  return std::move(import.job);
}

absl::StatusOr<v1::ListImportsResponse> ImportHandlers::List(
    CallContext& call, const v1::ListImportsRequest& request) {
  const resource::ResourceTable& table = parts_.store.table();
  const std::string order = request.order_by().empty() ? "create_time desc" : request.order_by();
  CRM_ASSIGN_OR_RETURN(const filter::ListQuery query,
                       filter::ListQuery::Make({.schema = table.schema(),
                                                .from = "import_job",
                                                .columns = parts_.store.columns(),
                                                .column_count = table.column_count(),
                                                .scope = call.scope()},
                                               {.page_size = request.page_size(),
                                                .page_token = request.page_token(),
                                                .filter = request.filter(),
                                                .order_by = order},
                                               {.keyring = &parts_.keyring,
                                                .now = call.now(),
                                                .zone = parts_.zone,
                                                .language = call.language()}));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  v1::ListImportsResponse response;
  resource::RowKey key;
  CRM_ASSIGN_OR_RETURN(filter::ListPage page,
                       query.Run(*db, "import_list", [&](const db::Rows& row) {
                         return table.Read(row, key, *response.add_imports());
                       }));
  response.set_next_page_token(std::move(page.next_page_token));
  return response;
}

absl::Status ImportHandlers::Watch(CallContext& call, const v1::WatchImportRequest& request,
                                   server::StreamWriter<v1::ImportJob>& writer) {
  int64_t sent_version = 0;
  while (!writer.Cancelled()) {
    const int64_t seen = parts_.progress.count();
    CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
    CRM_ASSIGN_OR_RETURN(const StoredImport import,
                         parts_.store.Get(*db, request.import(), call.scope()));
    call.ReleaseDb();
    if (import.key.version != sent_version) {
      if (!writer.Write(import.job)) return absl::OkStatus();
      sent_version = import.key.version;
    }
    if (HasEnded(import.job.state())) return absl::OkStatus();
    parts_.progress.Wait(seen, kWatchPause);
    parts_.progress.Wait(parts_.progress.count(), kWatchRest);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListImportIssuesResponse> ImportHandlers::ListIssues(
    CallContext& call, const v1::ListImportIssuesRequest& request) {
  CRM_ASSIGN_OR_RETURN(const ImportStore::IssuePlace after, PlaceOf(request.page_token()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredImport import,
                       parts_.store.Get(*db, request.import(), call.scope()));
  const int page_size = PageSize(request.page_size());
  CRM_ASSIGN_OR_RETURN(std::vector<ImportStore::PlacedIssue> issues,
                       parts_.store.ReadIssues(*db, import.key.id, after, page_size + 1));
  v1::ListImportIssuesResponse response;
  if (issues.size() > static_cast<size_t>(page_size)) {
    issues.pop_back();
    const ImportStore::IssuePlace& last = issues.back().place;
    response.set_next_page_token(absl::StrCat(last.line, ".", last.sequence));
  }
  for (ImportStore::PlacedIssue& issue : issues) {
    *response.add_issues() = std::move(issue.issue);
  }
  return response;
}

// Whoever sent the file has its cells already; to others they are an export (PLT-14).
const FieldCatalog* ImportHandlers::MaskFor(const CallContext& call,
                                            const v1::ImportJob& job) const {
  const bool plain = job.creator() == call.caller().id ||
                     parts_.policy.Get()->HasRight(call.caller().roles, auth::Right::kReveal);
  return plain ? nullptr : &parts_.kinds.at(job.kind())->catalog();
}

absl::Status ImportHandlers::Download(CallContext& call, const v1::DownloadRejectedRequest& request,
                                      server::StreamWriter<v1::FileChunk>& writer) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredImport import,
                       parts_.store.Get(*db, request.import(), call.scope()));
  v1::FileChunk chunk;
  const auto flush = [&]() -> absl::Status {
    if (chunk.data().empty()) return absl::OkStatus();
    if (!writer.Write(chunk)) return absl::CancelledError("the client has gone");
    chunk.clear_data();
    return absl::OkStatus();
  };
  CRM_ASSIGN_OR_RETURN(
      RejectedFile file,
      RejectedFile::Open(import.job, call.language(), MaskFor(call, import.job),
                         [&](std::string_view bytes) -> absl::Status {
                           chunk.mutable_data()->append(bytes);
                           return chunk.data().size() < kBytesOfChunk ? absl::OkStatus() : flush();
                         }));
  int64_t last_line = -1;
  while (true) {
    CRM_ASSIGN_OR_RETURN(db, call.Db());
    CRM_ASSIGN_OR_RETURN(const std::vector<ImportStore::RejectedRow> rows,
                         parts_.store.ReadRejected(*db, import.key.id, last_line, kRowsOfDownload));
    if (rows.empty()) break;
    std::map<int64_t, std::vector<v1::ImportIssue>> issues;
    ImportStore::IssuePlace place{last_line, kIssuesOfRow};
    while (place.line <= rows.back().line) {
      CRM_ASSIGN_OR_RETURN(const auto page,
                           parts_.store.ReadIssues(*db, import.key.id, place, kRowsOfDownload));
      for (const auto& issue : page) issues[issue.place.line].push_back(issue.issue);
      if (page.size() < kRowsOfDownload) break;
      place = page.back().place;
    }
    call.ReleaseDb();
    for (const ImportStore::RejectedRow& row : rows) {
      CRM_RETURN_IF_ERROR(file.Add(row.line, row.cells, issues[row.line]));
    }
    last_line = rows.back().line;
  }
  CRM_RETURN_IF_ERROR(file.Close());
  return flush();
}

absl::StatusOr<v1::ImportJob> ImportHandlers::Cancel(CallContext& call,
                                                     const v1::CancelImportRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredImport import,
                       parts_.store.Get(*db, request.import(), call.scope()));
  if (HasEnded(import.job.state())) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_ENDED", "the import is over")
        .Precondition("IMPORT_RUNNING", request.import(), "only a running import can be cancelled");
  }
  v1::ImportJob after = import.job;
  after.set_state(v1::IMPORT_STATE_CANCELLED);
  SetTime(call.now(), *after.mutable_end_time());
  parts_.store.Update(call.writes(), import.key, import.job, after);
  return after;
}

absl::StatusOr<std::vector<v1::ImportSampleRow>> ImportHandlers::Compare(
    db::Connection& db, const StoredImport& import,
    const std::vector<SampleCandidate>& sample) const {
  const ImportKind& kind = *parts_.kinds.at(import.job.kind());
  const ColumnPlan plan = ColumnPlan::FromReport(kind.catalog(), import.job.report());
  CRM_ASSIGN_OR_RETURN(const std::unique_ptr<ImportRun> run,
                       kind.Open(ContextOf(import, parts_.clock.Now()), plan));
  std::vector<ImportRun::Sampled> rows;
  for (const SampleCandidate& row : sample) {
    rows.push_back({row.line, row.resource_id, row.resource_version, row.source});
  }
  CRM_ASSIGN_OR_RETURN(std::vector<v1::ImportSampleRow> compared, run->Compare(db, rows));
  for (v1::ImportSampleRow& row : compared) {
    const auto marks = std::find_if(sample.begin(), sample.end(),
                                    [&](const SampleCandidate& c) { return c.line == row.line(); });
    const std::set<std::string> wrong = SetOf(marks->marks.wrong_fields());
    for (v1::ImportSampleField& field : *row.mutable_fields()) {
      field.set_marked_wrong(wrong.contains(field.field()));
    }
  }
  return compared;
}

absl::StatusOr<v1::GetImportSampleResponse> ImportHandlers::GetSample(
    CallContext& call, const v1::GetImportSampleRequest& request) {
  CRM_ASSIGN_OR_RETURN(const ImportStore::IssuePlace after, PlaceOf(request.page_token()));
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredImport import,
                       parts_.store.Get(*db, request.import(), call.scope()));
  v1::GetImportSampleResponse response;
  if (!IsVerified(import.job)) return response;
  const int page_size = PageSize(request.page_size());
  CRM_ASSIGN_OR_RETURN(std::vector<SampleCandidate> sample,
                       parts_.store.ReadSample(*db, import.key.id, after.line, page_size + 1));
  if (sample.size() > static_cast<size_t>(page_size)) {
    sample.pop_back();
    response.set_next_page_token(absl::StrCat(sample.back().line, ".0"));
  }
  CRM_ASSIGN_OR_RETURN(std::vector<v1::ImportSampleRow> rows, Compare(*db, import, sample));
  for (v1::ImportSampleRow& row : rows) *response.add_rows() = std::move(row);
  return response;
}

absl::StatusOr<v1::ImportJob> ImportHandlers::MarkSample(
    CallContext& call, const v1::MarkImportSampleRequest& request) {
  CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
  CRM_ASSIGN_OR_RETURN(const StoredImport import,
                       parts_.store.Get(*db, request.import(), call.scope()));
  if (!IsVerified(import.job)) {
    return Error(absl::StatusCode::kFailedPrecondition, "IMPORT_NOT_VERIFIED",
                 "the sample check has not been done")
        .Precondition("IMPORT_VERIFIED", request.import(), "wait for the end of the import");
  }
  CRM_ASSIGN_OR_RETURN(const std::optional<SampleCandidate> sampled,
                       parts_.store.ReadSampleRow(*db, import.key.id, request.line()));
  if (!sampled.has_value()) {
    return InvalidField("line", "NOT_IN_SAMPLE", "use the line of a row of GetImportSample");
  }
  CRM_ASSIGN_OR_RETURN(const std::vector<v1::ImportSampleRow> rows,
                       Compare(*db, import, {*sampled}));
  const std::set<std::string> before = SetOf(sampled->marks.wrong_fields());
  const std::set<std::string> wrong = SetOf(request.wrong_fields());
  std::set<std::string> known;
  v1::ImportJob after = import.job;
  v1::ImportVerification& verification = *after.mutable_verification();
  int64_t equal = verification.equal_fields();
  for (const v1::ImportSampleRow& row : rows) {
    for (const v1::ImportSampleField& field : row.fields()) {
      known.insert(field.field());
      // Wrong ones do not count as equal, whether they look it or not.
      if (field.equal()) equal += before.contains(field.field()) - wrong.contains(field.field());
    }
  }
  for (const std::string& field : wrong) {
    if (!known.contains(field)) {
      return InvalidField("wrong_fields", "NOT_IN_SAMPLE", "use fields of the sampled row");
    }
  }
  verification.set_equal_fields(equal);
  verification.set_marked_wrong(verification.marked_wrong() + static_cast<int64_t>(wrong.size()) -
                                static_cast<int64_t>(before.size()));
  SetAccuracy(verification);
  after.set_state(StateAfter(verification));
  v1::ImportSampleMarks marks;
  for (const std::string& field : wrong) marks.add_wrong_fields(field);
  parts_.store.Update(call.writes(), import.key, import.job, after);
  parts_.store.MarkSample(call.writes(), import.key.id, request.line(), marks);
  return after;
}

}  // namespace crm::customer::import
