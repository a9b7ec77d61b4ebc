// Writing tables of text: CSV and XLSX, as a stream (CUS-26, PLT-4).
//
//   CRM_ASSIGN_OR_RETURN(std::unique_ptr<TableWriter> out, NewCsvWriter(sink, {}));
//   CRM_RETURN_IF_ERROR(out->Write({"姓名", "手机号码"}));
//   CRM_RETURN_IF_ERROR(out->Write({"李雷", "13800138000"}));
//   CRM_RETURN_IF_ERROR(out->Close());
//
// Guarantees: bounded memory for any number of rows; what a writer writes, OpenTable reads back
// cell by cell (with formula guards removed by RemoveFormulaGuard). Without Close the output is
// incomplete.
//
// Errors: the sink's own; TABLE_ENCODING_INVALID for a cell that is not UTF-8;
// TABLE_TOO_MANY_ROWS, TABLE_CELL_TOO_LONG and TABLE_TOO_MANY_COLUMNS where XLSX ends;
// TABLE_NOT_WRITABLE if the file cannot be written. All but the sink's carry the row in `line`.
//
// Thread safety: a writer belongs to one thread at a time.
#ifndef CRM_COMMON_TABULAR_TABLE_WRITER_H_
#define CRM_COMMON_TABULAR_TABLE_WRITER_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace crm::tabular {

// Takes the next bytes of the output.
using Sink = std::function<absl::Status(std::string_view chunk)>;

// A sink that replaces the file at `path`; it is closed with the last copy of the sink.
absl::StatusOr<Sink> FileSink(const std::string& path);

class TableWriter {
 public:
  virtual ~TableWriter() = default;
  virtual absl::Status Write(absl::Span<const std::string_view> cells) = 0;
  // Completes the output; nothing may be written afterwards.
  virtual absl::Status Close() = 0;

  absl::Status Write(std::initializer_list<std::string_view> cells) {
    return Write(absl::MakeConstSpan(cells.begin(), cells.size()));
  }
};

struct CsvWriterOptions {
  enum class Charset { kUtf8WithBom, kUtf8, kGb18030 };
  enum class Formulas { kGuard, kKeep };
  Charset charset = Charset::kUtf8WithBom;  // Excel takes UTF-8 without the mark for the local set
  char delimiter = ',';
  Formulas formulas = Formulas::kGuard;
};

// RFC 4180: quotes where needed, CRLF.
absl::StatusOr<std::unique_ptr<TableWriter>> NewCsvWriter(Sink sink,
                                                          const CsvWriterOptions& options);

// Spreadsheets run a CSV cell that begins with = + - @ (also full-width), tab or a line end as a
// formula. The guard is an apostrophe in front. Numbers, phones such as +8613800138000 among them,
// need none. A cell that looks guarded already gets another one, so that removing is exact.
bool NeedsFormulaGuard(std::string_view cell);
std::string_view RemoveFormulaGuard(std::string_view cell);

struct XlsxWriterOptions {
  // What a column's cells become if they look like it; others stay text. kText for missing columns.
  // kMoney shows two digits, kShare a part of 1 as a percentage, kTime is `YYYY-MM-DD HH:MM:SS`.
  enum class Column { kText, kNumber, kMoney, kShare, kDate, kTime };
  std::string sheet = "Sheet1";
  std::string title;  // if set: one merged cell in a row above the rest
  size_t title_columns = 1;
  std::vector<Column> columns;
  std::string temporary_folder = "/tmp";
};

// Cells are never formulas. The workbook's creation time is fixed, so equal rows give equal files.
absl::StatusOr<std::unique_ptr<TableWriter>> NewXlsxFileWriter(const std::string& path,
                                                               const XlsxWriterOptions& options);
// Spools in the temporary folder and gives the file to the sink on Close.
absl::StatusOr<std::unique_ptr<TableWriter>> NewXlsxWriter(Sink sink,
                                                           const XlsxWriterOptions& options);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_TABLE_WRITER_H_
