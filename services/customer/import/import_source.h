// The file of a job as a stream of parsed batches: spooled to the local disk, opened, its header
// found, its columns planned, its rows parsed by a thread of their own (CUS-27).
//
//   CRM_ASSIGN_OR_RETURN(auto source, ImportSource::Open(db, store, import, kind, options));
//   CRM_ASSIGN_OR_RETURN(auto run, kind.Open(context, source->plan()));
//   source->Start(*run, import.position, rows_before);
//   while (std::optional<ParsedBatch> batch = source->Next()) …
//
// Errors of Open: those of common/tabular/table.h, HEADER_NOT_RECOGNIZED and those of
// ColumnPlan::Compile: the file is to blame; and errors of the database.
#ifndef CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SOURCE_H_
#define CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/tabular/table.h"
#include "services/customer/import/batch_queue.h"
#include "services/customer/import/grouped_rows.h"
#include "services/customer/import/import_kind.h"
#include "services/customer/import/import_store.h"
#include "services/customer/import/spool_file.h"

namespace crm::customer::import {

struct SourceOptions {
  std::string spool_folder = "/tmp";
  int batch_rows = 500;
  size_t queue_batches = 4;
};

struct ParsedBatch {
  ParsedRows rows;
  ParseCounts counts;
  tabular::Position end;       // after its last row
  tabular::Progress progress;  // bytes
  bool last = false;           // the end of the file has been reached
  absl::Status status;         // the file broke off after these rows
};

class ImportSource {
 public:
  static absl::StatusOr<std::unique_ptr<ImportSource>> Open(db::Connection& db,
                                                            const ImportStore& store,
                                                            const StoredImport& import,
                                                            const ImportKind& kind,
                                                            const SourceOptions& options);
  ~ImportSource();

  const ColumnPlan& plan() const { return *plan_; }
  int64_t header_line() const { return header_line_; }

  // Parses from `position` on (from the first row below the header if it is the start), of which
  // `rows_before` rows have been read. `run` outlives this. Where rows have to be grouped, the file
  // is read before; `on_rows` is called meanwhile, and its error returned.
  absl::Status Start(ImportRun& run, const tabular::Position& position, int64_t rows_before,
                     int64_t job_id, const GroupedRows::OnRows& on_rows);
  // Nothing after the last batch.
  std::optional<ParsedBatch> Next() { return queue_.Pop(); }

 private:
  ImportSource(SpoolFile file, const SourceOptions& options)
      : file_(std::move(file)), options_(options), queue_(options.queue_batches) {}

  absl::Status FindHeader(const ImportKind& kind, const v1::ImportSpec& spec);
  void ParseAll(ImportRun& run, int64_t rows_before, int64_t job_id);
  // False at the end of the file.
  bool ParseRow(ImportRun& run, ParsedBatch& batch);
  // Reads the next row into row_ unless it is there already, noting where it begins.
  absl::StatusOr<bool> Peek();
  bool BatchIsFull(const ParsedBatch& batch);
  absl::Status Group(ImportRun& run, const GroupedRows::OnRows& on_rows);
  void DrawSample(ParsedRow& row, int64_t ordinal, int64_t job_id) const;

  SpoolFile file_;
  const SourceOptions options_;
  tabular::ReadOptions read_;
  std::unique_ptr<tabular::TableReader> reader_;
  GroupedRows* grouped_ = nullptr;  // the reader, if rows are grouped
  std::optional<ColumnPlan> plan_;
  tabular::Position first_row_;
  int64_t header_line_ = 0;
  tabular::Row row_;
  std::optional<absl::StatusOr<bool>> peeked_;  // what reading row_ has given
  tabular::Position peeked_at_;
  BatchQueue<ParsedBatch> queue_;
  std::jthread parser_;
};

// Rows of a sample of `rows`: 1 %, at least 100 (CUS-32).
int64_t SampleSize(int64_t rows);

}  // namespace crm::customer::import

#endif  // CRM_SERVICES_CUSTOMER_IMPORT_IMPORT_SOURCE_H_
