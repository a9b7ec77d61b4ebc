#include "services/customer/import/import_source.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace crm::customer::import {
namespace {

// Titles and remarks above a header are few.
constexpr size_t kRowsToSearchForHeader = 20;

constexpr int64_t kMinSample = 100;
constexpr int64_t kSampleShare = 100;  // one of so many
constexpr int kRankBits = 62;
// Candidates beyond the sample, so that it is not short of rows that turn out to be rejected or
// ranked high by chance: four standard deviations of a hundred.
constexpr double kCandidateSlack = 1.5;

// A number that looks random, the same whenever the row is read (splitmix64).
int64_t RankOf(int64_t job_id, int64_t line) {
  uint64_t x = static_cast<uint64_t>(job_id) + static_cast<uint64_t>(line) * 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<int64_t>((x ^ (x >> 31)) >> (64 - kRankBits));
}

// A row that the reader lost: nothing of it is known but its line.
std::unique_ptr<ParsedRow> LostRow(const absl::Status& status) {
  auto row = std::make_unique<ParsedRow>();
  row->line = tabular::LineOf(status);
  row->rejected = true;
  v1::ImportIssue& issue = row->issues.emplace_back();
  issue.set_line(row->line);
  issue.set_rule(ErrorReason(status));
  issue.set_mend_en("correct this line of the file: encoding, quotes, length of cells");
  issue.set_mend_zh("请修正文件的这一行：编码、引号或单元格长度");
  return row;
}

}  // namespace

int64_t SampleSize(int64_t rows) {
  return std::max(kMinSample, (rows + kSampleShare - 1) / kSampleShare);
}

absl::StatusOr<std::unique_ptr<ImportSource>> ImportSource::Open(db::Connection& db,
                                                                 const ImportStore& store,
                                                                 const StoredImport& import,
                                                                 const ImportKind& kind,
                                                                 const SourceOptions& options) {
  CRM_ASSIGN_OR_RETURN(SpoolFile file, SpoolFile::Create(options.spool_folder));
  std::unique_ptr<ImportSource> source(new ImportSource(std::move(file), options));
  CRM_RETURN_IF_ERROR(
      store.ReadChunks(db, import.key.id, import.job.file_bytes(),
                       [&](std::string_view data) { return source->file_.Append(data); }));
  const v1::ImportSpec& spec = import.job.spec();
  source->read_.sheet = spec.sheet();
  CRM_ASSIGN_OR_RETURN(source->reader_, tabular::OpenTable(source->file_.path(), source->read_));
  if (import.position == tabular::Position{} || import.job.dry_run()) {
    CRM_RETURN_IF_ERROR(source->FindHeader(kind, spec));
  } else {
    source->plan_ = ColumnPlan::FromReport(kind.catalog(), import.job.report());
    source->header_line_ = import.job.report().header_line();
  }
  return source;
}

ImportSource::~ImportSource() { queue_.Close(); }

absl::Status ImportSource::FindHeader(const ImportKind& kind, const v1::ImportSpec& spec) {
  std::vector<std::vector<std::string>> rows;
  std::vector<tabular::Position> ends;
  std::vector<int64_t> lines;
  while (rows.size() < kRowsToSearchForHeader) {
    absl::StatusOr<bool> more = reader_->Next(row_);
    if (!more.ok() && tabular::IsRowError(more.status())) continue;
    if (!more.ok()) return more.status();
    if (!*more) break;
    rows.push_back(row_.Copy());
    ends.push_back(reader_->position());
    lines.push_back(row_.line());
  }
  const std::optional<size_t> header = tabular::FindHeaderRow(
      rows, [&](std::string_view cell) { return IsKnownHeader(kind.catalog(), spec, cell); });
  if (!header.has_value()) {
    return Error(absl::StatusCode::kFailedPrecondition, "HEADER_NOT_RECOGNIZED",
                 "no row near the top has a known column header; map the columns");
  }
  CRM_ASSIGN_OR_RETURN(
      plan_, ColumnPlan::Compile(kind.catalog(), rows[*header], spec,
                                 [&](std::string_view text) { return kind.CustomFieldOf(text); }));
  first_row_ = ends[*header];
  header_line_ = lines[*header];
  return absl::OkStatus();
}

absl::Status ImportSource::Start(ImportRun& run, const tabular::Position& position,
                                 int64_t rows_before, int64_t job_id,
                                 const GroupedRows::OnRows& on_rows) {
  if (run.has_groups()) CRM_RETURN_IF_ERROR(Group(run, on_rows));
  CRM_RETURN_IF_ERROR(reader_->SeekTo(position == tabular::Position{} ? first_row_ : position));
  parser_ = std::jthread([this, &run, rows_before, job_id] { ParseAll(run, rows_before, job_id); });
  return absl::OkStatus();
}

absl::Status ImportSource::Group(ImportRun& run, const GroupedRows::OnRows& on_rows) {
  reader_.reset();  // an XLSX holds its strings in memory
  CRM_ASSIGN_OR_RETURN(
      std::unique_ptr<GroupedRows> grouped,
      GroupedRows::Make([this] { return tabular::OpenTable(file_.path(), read_); }, header_line_,
                        [&run](const tabular::Row& row) { return run.GroupOf(row); },
                        options_.spool_folder, on_rows));
  grouped_ = grouped.get();
  reader_ = std::move(grouped);
  return absl::OkStatus();
}

void ImportSource::ParseAll(ImportRun& run, int64_t rows_before, int64_t job_id) {
  bool more = true;
  while (more) {
    ParsedBatch batch;
    batch.counts.filled.resize(plan_->columns().size());
    batch.rows.reserve(static_cast<size_t>(options_.batch_rows));
    while (more && !BatchIsFull(batch)) more = ParseRow(run, batch);
    for (const auto& row : batch.rows) DrawSample(*row, ++rows_before, job_id);
    run.Seal(batch.rows);
    batch.end = peeked_.has_value() ? peeked_at_ : reader_->position();
    batch.progress = reader_->progress();
    batch.last = !more;
    if (!queue_.Push(std::move(batch))) return;
  }
  queue_.Close();
}

absl::StatusOr<bool> ImportSource::Peek() {
  if (!peeked_.has_value()) {
    peeked_at_ = reader_->position();
    peeked_ = reader_->Next(row_);
  }
  return *peeked_;
}

// A full batch goes on as long as its last group does.
bool ImportSource::BatchIsFull(const ParsedBatch& batch) {
  if (batch.rows.size() < static_cast<size_t>(options_.batch_rows)) return false;
  const RowGroup& last = batch.rows.back()->group;
  if (last.id == 0 || last.too_large) return true;
  const absl::StatusOr<bool> more = Peek();
  return !more.ok() || !*more || grouped_->group().id != last.id;
}

bool ImportSource::ParseRow(ImportRun& run, ParsedBatch& batch) {
  absl::StatusOr<bool> more = Peek();
  peeked_.reset();
  if (!more.ok()) {
    if (!tabular::IsRowError(more.status())) {
      batch.status = more.status();
      return false;
    }
    batch.rows.push_back(LostRow(more.status()));
    return true;
  }
  if (!*more) return false;
  batch.rows.push_back(run.Parse(row_, batch.counts));
  if (grouped_ != nullptr) batch.rows.back()->group = grouped_->group();
  for (v1::ImportIssue& issue : batch.rows.back()->issues) {
    issue.set_row_rejected(batch.rows.back()->rejected);
  }
  return true;
}

// The rows of lowest rank are the sample. How many there will be is known at the end only, so more
// are kept on the way; the first ones are all candidates.
void ImportSource::DrawSample(ParsedRow& row, int64_t ordinal, int64_t job_id) const {
  if (row.rejected) return;
  row.rank_hash = RankOf(job_id, row.line);
  const double share =
      kCandidateSlack * static_cast<double>(SampleSize(ordinal)) / static_cast<double>(ordinal);
  row.sampled =
      static_cast<double>(row.rank_hash) < share * static_cast<double>(int64_t{1} << kRankBits);
}

}  // namespace crm::customer::import
