// Reading tables of text from uploaded files: CSV (UTF-8, GB18030, UTF-16) and XLSX (CUS-27).
//
//   CRM_ASSIGN_OR_RETURN(std::unique_ptr<TableReader> table, OpenTable(path, {}));
//   Row row;
//   for (;;) {
//     absl::StatusOr<bool> more = table->Next(row);
//     if (!more.ok() && IsRowError(more.status())) { Reject(more.status()); continue; }
//     if (!more.ok()) return more.status();
//     if (!*more) break;
//     Import(row.line(), row[0], row[1]);
//     job.SaveCursor(table->position());
//   }
//
// Guarantees
// - Streaming: memory does not grow with the file, except for the shared strings of an XLSX, which
//   are limited.
// - Cells are valid UTF-8 and otherwise exactly what the file holds: no trimming, no guessing.
//   XLSX numbers are given in the shortest decimal form without exponent, date cells as
//   `YYYY-MM-DD` or `YYYY-MM-DD HH:MM:SS`, times of day as `HH:MM:SS`, booleans as TRUE / FALSE,
//   formulas as their cached value.
// - Rows in which every cell is empty or white space are skipped.
// - Nothing outside the file is ever read (no external entities), and a document type is refused.
//
// Errors carry a reason (ErrorReason) out of the list below and, where it makes sense, `line` in
// their metadata. A row error (IsRowError) loses that row only: Next goes on with the following
// one. Every other error is final and repeated by the next call. No error quotes a cell.
//
//   TABLE_NOT_READABLE         no such file, or the disk failed
//   TABLE_FORMAT_UNSUPPORTED   neither CSV nor XLSX (old XLS, encrypted, other archives, binary)
//   TABLE_CORRUPT              a damaged or truncated XLSX
//   TABLE_SHEET_NOT_FOUND      metadata `sheets` lists those there are, one a line
//   TABLE_DTD_FORBIDDEN        an XML part declares a document type (entity expansion)
//   TABLE_TOO_LARGE            an XLSX beyond ReadLimits (inflated size, ratio, strings, cell, row)
//   TABLE_POSITION_INVALID     SeekTo with a position that this file does not have
// Row errors, of CSV only:
//   TABLE_ENCODING_INVALID     bytes that are not in the file's encoding
//   TABLE_QUOTE_UNTERMINATED   a quoted cell that never ends
//   TABLE_CELL_TOO_LONG, TABLE_ROW_TOO_LONG, TABLE_TOO_MANY_COLUMNS
//
// Thread safety: a reader belongs to one thread at a time.
#ifndef CRM_COMMON_TABULAR_TABLE_H_
#define CRM_COMMON_TABULAR_TABLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace crm::tabular {

enum class Format { kCsv, kXlsx };
enum class Encoding { kUtf8, kGb18030, kUtf16Le, kUtf16Be };

// Bounds for hostile files (QUA-8). Sizes in bytes.
struct ReadLimits {
  int64_t max_cell_bytes = 4 * 32'767;  // Excel's own limit, in the widest encoding
  int64_t max_row_bytes = int64_t{4} << 20;
  size_t max_columns = 16'384;
  // CSV: what may be read twice because a quote did not end, before the file is given up.
  int64_t max_reread_bytes = int64_t{256} << 20;
  // XLSX, each part.
  int64_t max_inflated_bytes = int64_t{4} << 30;
  int64_t max_inflation_ratio = 300;  // looked at from 1 MiB on
  int64_t max_shared_strings_bytes = int64_t{256} << 20;
};

struct ReadOptions {
  std::optional<Encoding> encoding;  // CSV: detected if absent
  std::optional<char> delimiter;     // CSV: detected if absent
  std::string sheet;                 // XLSX: the first one if empty
  ReadLimits limits;
};

// A place between two rows, to be stored and given back to SeekTo of the same file. The start of
// the file is Position{}.
struct Position {
  int64_t offset = 0;  // CSV: byte of the file; XLSX: number of the last row given
  int64_t line = 1;    // CSV: line that begins there; XLSX: number of the row that follows
  bool operator==(const Position&) const = default;
};

// How far the reader is, in bytes of the file (CSV) or of the inflated sheet (XLSX).
struct Progress {
  int64_t done = 0;
  int64_t total = 0;
};

struct TableInfo {
  Format format = Format::kCsv;
  Encoding encoding = Encoding::kUtf8;
  char delimiter = ',';
  std::string sheet;                // XLSX: the one that is read
  std::vector<std::string> sheets;  // XLSX: all of them, in order
};

// One row; reuse it. Its cells point into the reader and are valid until the reader is called
// again.
class Row {
 public:
  // CSV: the line of the file on which the row begins, from 1. XLSX: the row's number.
  int64_t line() const { return line_; }
  size_t size() const { return cells_.size(); }
  // Empty beyond the end, so that a short row reads as if it were padded.
  std::string_view operator[](size_t column) const {
    return column < cells_.size() ? cells_[column] : std::string_view();
  }
  absl::Span<const std::string_view> cells() const { return cells_; }
  std::vector<std::string> Copy() const { return {cells_.begin(), cells_.end()}; }
  // Appends empty cells up to `columns`; a longer row keeps its extra cells.
  void PadTo(size_t columns) {
    if (cells_.size() < columns) cells_.resize(columns);
  }
  // True if every cell is empty or white space (ASCII, U+00A0 or U+3000).
  bool IsBlank() const;

  // For readers.
  void Reset(int64_t line) {
    line_ = line;
    cells_.clear();
  }
  void Add(std::string_view cell) { cells_.push_back(cell); }

 private:
  int64_t line_ = 0;
  std::vector<std::string_view> cells_;
};

class TableReader {
 public:
  virtual ~TableReader() = default;
  // Fills `row` with the next row that is not blank; false at the end of the table.
  virtual absl::StatusOr<bool> Next(Row& row) = 0;
  // The place after the row given last.
  virtual Position position() const = 0;
  virtual absl::Status SeekTo(const Position& position) = 0;
  virtual const TableInfo& info() const = 0;
  virtual Progress progress() const = 0;
};

// Opens a file; its format is found from its content, not from its name.
absl::StatusOr<std::unique_ptr<TableReader>> OpenTable(const std::string& path,
                                                       const ReadOptions& options);

// True if only one row was lost and Next may be called again.
bool IsRowError(const absl::Status& status);

// The line that an error is about, 0 if it names none.
int64_t LineOf(const absl::Status& status);

// Which of a table's first rows is the header: the first of those with the most known cells, so
// that a title above it is passed over. None if no cell is known.
std::optional<size_t> FindHeaderRow(
    absl::Span<const std::vector<std::string>> rows,
    const std::function<bool(std::string_view cell)>& is_known_header);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_TABLE_H_
