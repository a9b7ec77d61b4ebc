#include <fcntl.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/encoding.h"
#include "common/tabular/table_error.h"
#include "common/tabular/table_writer.h"

namespace crm::tabular {
namespace {

using Column = XlsxWriterOptions::Column;

constexpr int64_t kMaxRows = 1'048'576;
constexpr time_t kCreated = 1'704'067'200;             // 2024-01-01, only so that it never changes
constexpr double kLargestExact = 999'999'999'999'999;  // 15 digits, as Excel keeps them
constexpr size_t kMaxNumberLength = 16;

absl::Status NotWritable() {
  return Error(absl::StatusCode::kUnavailable, "TABLE_NOT_WRITABLE",
               "the workbook cannot be written");
}

// A number that Excel shows with the same value; `007` is text.
bool ParseNumber(const std::string& text, double& number) {
  const size_t first = text.find_first_not_of('-');
  const bool leading_zero = first + 1 < text.size() && text[first] == '0' && text[first + 1] != '.';
  return text.size() <= kMaxNumberLength && !leading_zero &&
         text.find_first_not_of("-.0123456789") == std::string::npos &&
         absl::SimpleAtod(text, &number) && number <= kLargestExact && number >= -kLargestExact;
}

bool ParseDate(const std::string& text, lxw_datetime& date) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day) || day.year() < 1901) return false;
  date = lxw_datetime{static_cast<int>(day.year()), day.month(), day.day(), 0, 0, 0};
  return true;
}

// Excel reads `_x0041_` as A; the underscore itself is `_x005F_`.
void EscapeEscapes(std::string& text) {
  constexpr size_t kEscape = 7;
  constexpr size_t kLetterX = 1;
  for (size_t at = text.find("_x"); at != std::string::npos; at = text.find("_x", at + kLetterX)) {
    const bool looks_escaped = at + kEscape <= text.size() && text[at + kEscape - 1] == '_';
    if (!looks_escaped) continue;
    text.insert(at, "_x005F");
    at += kEscape - kLetterX;
  }
}

class XlsxWriter : public TableWriter {
 public:
  XlsxWriter(lxw_workbook* workbook, const XlsxWriterOptions& options)
      : options_(options), workbook_(workbook) {}
  ~XlsxWriter() override {
    if (workbook_ != nullptr) lxw_workbook_free(workbook_);
  }

  absl::Status Begin() {
    lxw_doc_properties properties{};
    properties.created = kCreated;
    workbook_set_properties(workbook_, &properties);
    const char* name = options_.sheet.c_str();
    if (workbook_validate_sheet_name(workbook_, name) != LXW_NO_ERROR) {
      return FileError("TABLE_SHEET_NAME_INVALID", "a workbook takes no such sheet name");
    }
    sheet_ = workbook_add_worksheet(workbook_, name);
    date_format_ = workbook_add_format(workbook_);
    if (sheet_ == nullptr || date_format_ == nullptr) return NotWritable();
    format_set_num_format(date_format_, "yyyy-mm-dd");
    return options_.title.empty() ? absl::OkStatus() : WriteTitle();
  }

  using TableWriter::Write;
  absl::Status Write(absl::Span<const std::string_view> cells) override {
    if (row_ >= kMaxRows) {
      return LineError("TABLE_TOO_MANY_ROWS", "a sheet holds 1 048 576 rows", row_ + 1);
    }
    for (size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i].empty()) CRM_RETURN_IF_ERROR(WriteCell(i, cells[i]));
    }
    ++row_;
    return absl::OkStatus();
  }

  absl::Status Close() override {
    if (workbook_ == nullptr) return absl::OkStatus();
    const lxw_error error = workbook_close(std::exchange(workbook_, nullptr));
    return error == LXW_NO_ERROR ? absl::OkStatus() : NotWritable();
  }

 private:
  absl::Status WriteTitle() {
    lxw_format* centred = workbook_add_format(workbook_);
    if (centred == nullptr) return NotWritable();
    format_set_align(centred, LXW_ALIGN_CENTER);
    if (options_.title_columns > 1) {
      const auto last = static_cast<lxw_col_t>(options_.title_columns - 1);
      worksheet_merge_range(sheet_, 0, 0, 0, last, options_.title.c_str(), centred);
    } else {
      worksheet_write_string(sheet_, 0, 0, options_.title.c_str(), centred);
    }
    row_ = 1;
    return absl::OkStatus();
  }

  absl::Status WriteCell(size_t column, std::string_view cell) {
    if (!IsValidUtf8(cell)) {
      return LineError("TABLE_ENCODING_INVALID", "a cell is not UTF-8", row_ + 1);
    }
    cell_.assign(cell);
    EscapeEscapes(cell_);
    return Result(
        WriteAs(column < options_.columns.size() ? options_.columns[column] : Column::kText,
                static_cast<lxw_col_t>(std::min<size_t>(column, LXW_COL_MAX))));
  }

  lxw_error WriteAs(Column kind, lxw_col_t column) {
    const auto row = static_cast<lxw_row_t>(row_);
    double number;
    lxw_datetime date;
    if (kind == Column::kNumber && ParseNumber(cell_, number)) {
      return worksheet_write_number(sheet_, row, column, number, nullptr);
    }
    if (kind == Column::kDate && ParseDate(cell_, date)) {
      return worksheet_write_datetime(sheet_, row, column, &date, date_format_);
    }
    return worksheet_write_string(sheet_, row, column, cell_.c_str(), nullptr);
  }

  absl::Status Result(lxw_error error) const {
    switch (error) {
      case LXW_NO_ERROR:
        return absl::OkStatus();
      case LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED:
        return LineError("TABLE_CELL_TOO_LONG", "a cell holds 32 767 characters", row_ + 1);
      case LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE:
        return LineError("TABLE_TOO_MANY_COLUMNS", "a sheet holds 16 384 columns", row_ + 1);
      default:
        return NotWritable();
    }
  }

  const XlsxWriterOptions options_;
  lxw_workbook* workbook_;
  lxw_worksheet* sheet_ = nullptr;
  lxw_format* date_format_ = nullptr;
  std::string cell_;
  int64_t row_ = 0;
};

// Writes to a file of its own and hands it on when it is complete.
class SpoolingWriter : public TableWriter {
 public:
  SpoolingWriter(Sink sink, std::string path) : sink_(std::move(sink)), path_(std::move(path)) {}
  ~SpoolingWriter() override { std::remove(path_.c_str()); }

  absl::Status Begin(const XlsxWriterOptions& options) {
    CRM_ASSIGN_OR_RETURN(inner_, NewXlsxFileWriter(path_, options));
    return absl::OkStatus();
  }
  using TableWriter::Write;
  absl::Status Write(absl::Span<const std::string_view> cells) override {
    return inner_->Write(cells);
  }
  absl::Status Close() override {
    CRM_RETURN_IF_ERROR(inner_->Close());
    std::FILE* file = std::fopen(path_.c_str(), "rbe");
    if (file == nullptr) return NotWritable();
    absl::Cleanup closer = [file] { std::fclose(file); };
    std::string chunk(size_t{1} << 16, '\0');
    while (const size_t got = std::fread(chunk.data(), 1, chunk.size(), file)) {
      CRM_RETURN_IF_ERROR(sink_(std::string_view(chunk).substr(0, got)));
    }
    return std::ferror(file) == 0 ? absl::OkStatus() : NotWritable();
  }

 private:
  const Sink sink_;
  const std::string path_;
  std::unique_ptr<TableWriter> inner_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TableWriter>> NewXlsxFileWriter(const std::string& path,
                                                               const XlsxWriterOptions& options) {
  std::string folder = options.temporary_folder;  // the library wants a char*
  lxw_workbook_options settings{};
  settings.constant_memory = LXW_TRUE;
  settings.tmpdir = folder.data();
  settings.use_zip64 = LXW_FALSE;
  lxw_workbook* workbook = workbook_new_opt(path.c_str(), &settings);
  if (workbook == nullptr) return NotWritable();
  auto writer = std::make_unique<XlsxWriter>(workbook, options);
  CRM_RETURN_IF_ERROR(writer->Begin());
  return writer;
}

absl::StatusOr<std::unique_ptr<TableWriter>> NewXlsxWriter(Sink sink,
                                                           const XlsxWriterOptions& options) {
  std::string path = options.temporary_folder + "/crm-export-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return NotWritable();
  close(fd);
  auto writer = std::make_unique<SpoolingWriter>(std::move(sink), path);
  CRM_RETURN_IF_ERROR(writer->Begin(options));
  return writer;
}

}  // namespace crm::tabular
