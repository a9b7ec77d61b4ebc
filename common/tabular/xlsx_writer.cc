#include <fcntl.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/encoding.h"
#include "common/tabular/table_error.h"
#include "common/tabular/table_writer.h"
#include "common/tabular/workbook_writer.h"

namespace crm::tabular {
namespace {

using Column = XlsxWriterOptions::Column;

constexpr int64_t kMaxRows = 1'048'576;
constexpr time_t kCreated = 1'704'067'200;             // 2024-01-01, only so that it never changes
constexpr double kLargestExact = 999'999'999'999'999;  // 15 digits, as Excel keeps them
constexpr size_t kMaxNumberLength = 16;

constexpr size_t kColumnKinds = static_cast<size_t>(Column::kTime) + 1;
// Of the kinds that are not shown as they come.
constexpr std::pair<Column, const char*> kNumberFormats[] = {
    {Column::kMoney, "#,##0.00"},
    {Column::kShare, "0.0%"},
    {Column::kDate, "yyyy-mm-dd"},
    {Column::kTime, "yyyy-mm-dd hh:mm:ss"},
};

bool IsNumber(Column kind) {
  return kind == Column::kNumber || kind == Column::kMoney || kind == Column::kShare;
}

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

// Excel counts days from 1900 on, with one that never was.
constexpr int kFirstYear = 1901;

bool ParseDate(const std::string& text, lxw_datetime& date) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day) || day.year() < kFirstYear) {
    return false;
  }
  date = lxw_datetime{static_cast<int>(day.year()), day.month(), day.day(), 0, 0, 0};
  return true;
}

bool ParseTime(std::string text, lxw_datetime& time) {
  constexpr size_t kBlank = 10;
  absl::CivilSecond second;
  if (text.size() != 19 || text[kBlank] != ' ') return false;
  text[kBlank] = 'T';
  if (!absl::ParseCivilTime(text, &second) || second.year() < kFirstYear) return false;
  time = lxw_datetime{static_cast<int>(second.year()),
                      second.month(),
                      second.day(),
                      second.hour(),
                      second.minute(),
                      static_cast<double>(second.second())};
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

// How the cells of a workbook are shown.
struct Formats {
  lxw_format* bold = nullptr;
  std::array<lxw_format*, kColumnKinds> by_kind{};  // by Column; null: as it comes
};

// The library keeps each sheet's rows in a file of its own until the workbook is closed.
class XlsxSheet : public TableWriter {
 public:
  XlsxSheet(lxw_worksheet* sheet, const SheetOptions& options, const Formats& formats)
      : sheet_(sheet), columns_(options.columns), header_(options.header), formats_(formats) {
    if (header_) worksheet_freeze_panes(sheet_, 1, 0);
  }

  // A merged cell above the rest of the sheet.
  void WriteTitle(const std::string& title, size_t columns, lxw_format* format) {
    if (columns > 1) {
      const auto last = static_cast<lxw_col_t>(columns - 1);
      worksheet_merge_range(sheet_, 0, 0, 0, last, title.c_str(), format);
    } else {
      worksheet_write_string(sheet_, 0, 0, title.c_str(), format);
    }
    row_ = 1;
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

  absl::Status Close() override { return absl::OkStatus(); }

 private:
  absl::Status WriteCell(size_t column, std::string_view cell) {
    if (!IsValidUtf8(cell)) {
      return LineError("TABLE_ENCODING_INVALID", "a cell is not UTF-8", row_ + 1);
    }
    cell_.assign(cell);
    EscapeEscapes(cell_);
    const Column kind = column < columns_.size() ? columns_[column] : Column::kText;
    const auto at = static_cast<lxw_col_t>(std::min<size_t>(column, LXW_COL_MAX));
    if (header_ && row_ == 0) {
      return Result(worksheet_write_string(sheet_, 0, at, cell_.c_str(), formats_.bold));
    }
    return Result(WriteAs(kind, at));
  }

  lxw_error WriteAs(Column kind, lxw_col_t column) {
    const auto row = static_cast<lxw_row_t>(row_);
    lxw_format* const format = formats_.by_kind[static_cast<size_t>(kind)];
    double number;
    lxw_datetime time;
    if (IsNumber(kind) && ParseNumber(cell_, number)) {
      return worksheet_write_number(sheet_, row, column, number, format);
    }
    if ((kind == Column::kDate && ParseDate(cell_, time)) ||
        (kind == Column::kTime && ParseTime(cell_, time))) {
      return worksheet_write_datetime(sheet_, row, column, &time, format);
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

  lxw_worksheet* const sheet_;
  const std::vector<Column> columns_;
  const bool header_;
  const Formats formats_;
  std::string cell_;
  int64_t row_ = 0;
};

class XlsxWriter : public WorkbookWriter {
 public:
  explicit XlsxWriter(lxw_workbook* workbook) : workbook_(workbook) {}
  ~XlsxWriter() override {
    if (workbook_ != nullptr) lxw_workbook_free(workbook_);
  }

  absl::Status Begin() {
    lxw_doc_properties properties{};
    properties.created = kCreated;
    workbook_set_properties(workbook_, &properties);
    CRM_ASSIGN_OR_RETURN(formats_.bold, NewFormat());
    format_set_bold(formats_.bold);
    for (const auto& [kind, code] : kNumberFormats) {
      CRM_ASSIGN_OR_RETURN(lxw_format * format, NewFormat());
      format_set_num_format(format, code);
      formats_.by_kind[static_cast<size_t>(kind)] = format;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<TableWriter*> AddSheet(const SheetOptions& options) override {
    return Add(options);
  }
  absl::StatusOr<TableWriter*> AddTitledSheet(const SheetOptions& options, const std::string& title,
                                              size_t columns) {
    CRM_ASSIGN_OR_RETURN(XlsxSheet* const sheet, Add(options));
    CRM_ASSIGN_OR_RETURN(lxw_format* const centred, NewFormat());
    format_set_align(centred, LXW_ALIGN_CENTER);
    sheet->WriteTitle(title, columns, centred);
    return sheet;
  }

  absl::Status Close() override {
    if (workbook_ == nullptr) return absl::OkStatus();
    const lxw_error error = workbook_close(std::exchange(workbook_, nullptr));
    return error == LXW_NO_ERROR ? absl::OkStatus() : NotWritable();
  }

 private:
  absl::StatusOr<XlsxSheet*> Add(const SheetOptions& options) {
    if (workbook_validate_sheet_name(workbook_, options.name.c_str()) != LXW_NO_ERROR) {
      return FileError("TABLE_SHEET_NAME_INVALID", "a workbook takes no such sheet name");
    }
    lxw_worksheet* const sheet = workbook_add_worksheet(workbook_, options.name.c_str());
    if (sheet == nullptr) return NotWritable();
    sheets_.push_back(std::make_unique<XlsxSheet>(sheet, options, formats_));
    return sheets_.back().get();
  }

  absl::StatusOr<lxw_format*> NewFormat() {
    lxw_format* const format = workbook_add_format(workbook_);
    if (format == nullptr) return NotWritable();
    return format;
  }

  lxw_workbook* workbook_;
  Formats formats_;
  std::vector<std::unique_ptr<XlsxSheet>> sheets_;
};

absl::StatusOr<std::unique_ptr<XlsxWriter>> OpenWorkbook(const std::string& path,
                                                         std::string temporary_folder) {
  lxw_workbook_options settings{};
  settings.constant_memory = LXW_TRUE;
  settings.tmpdir = temporary_folder.data();  // the library wants a char*
  settings.use_zip64 = LXW_FALSE;
  lxw_workbook* workbook = workbook_new_opt(path.c_str(), &settings);
  if (workbook == nullptr) return NotWritable();
  auto writer = std::make_unique<XlsxWriter>(workbook);
  CRM_RETURN_IF_ERROR(writer->Begin());
  return writer;
}

// Writes to a file of its own and hands it on when it is complete.
class SpoolingWriter : public WorkbookWriter {
 public:
  SpoolingWriter(Sink sink, std::string path) : sink_(std::move(sink)), path_(std::move(path)) {}
  ~SpoolingWriter() override { std::remove(path_.c_str()); }

  const std::string& path() const { return path_; }
  void WriteTo(std::unique_ptr<WorkbookWriter> inner) { inner_ = std::move(inner); }

  absl::StatusOr<TableWriter*> AddSheet(const SheetOptions& sheet) override {
    return inner_->AddSheet(sheet);
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
  std::unique_ptr<WorkbookWriter> inner_;
};

absl::StatusOr<std::unique_ptr<SpoolingWriter>> NewSpoolingWriter(
    Sink sink, const std::string& temporary_folder) {
  std::string path = temporary_folder + "/crm-export-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return NotWritable();
  close(fd);
  return std::make_unique<SpoolingWriter>(std::move(sink), path);
}

// A workbook of one sheet.
class OneSheetWriter : public TableWriter {
 public:
  OneSheetWriter(std::unique_ptr<WorkbookWriter> workbook, TableWriter* sheet)
      : workbook_(std::move(workbook)), sheet_(sheet) {}

  using TableWriter::Write;
  absl::Status Write(absl::Span<const std::string_view> cells) override {
    return sheet_->Write(cells);
  }
  absl::Status Close() override { return workbook_->Close(); }

 private:
  const std::unique_ptr<WorkbookWriter> workbook_;
  TableWriter* const sheet_;
};

absl::StatusOr<TableWriter*> AddOnlySheet(XlsxWriter& workbook, const XlsxWriterOptions& options) {
  const SheetOptions sheet{.name = options.sheet, .columns = options.columns};
  if (options.title.empty()) return workbook.AddSheet(sheet);
  return workbook.AddTitledSheet(sheet, options.title, options.title_columns);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TableWriter>> NewXlsxFileWriter(const std::string& path,
                                                               const XlsxWriterOptions& options) {
  CRM_ASSIGN_OR_RETURN(auto workbook, OpenWorkbook(path, options.temporary_folder));
  CRM_ASSIGN_OR_RETURN(TableWriter* const sheet, AddOnlySheet(*workbook, options));
  return std::make_unique<OneSheetWriter>(std::move(workbook), sheet);
}

absl::StatusOr<std::unique_ptr<TableWriter>> NewXlsxWriter(Sink sink,
                                                           const XlsxWriterOptions& options) {
  CRM_ASSIGN_OR_RETURN(auto spool, NewSpoolingWriter(std::move(sink), options.temporary_folder));
  CRM_ASSIGN_OR_RETURN(auto workbook, OpenWorkbook(spool->path(), options.temporary_folder));
  CRM_ASSIGN_OR_RETURN(TableWriter* const sheet, AddOnlySheet(*workbook, options));
  spool->WriteTo(std::move(workbook));
  return std::make_unique<OneSheetWriter>(std::move(spool), sheet);
}

absl::StatusOr<std::unique_ptr<WorkbookWriter>> NewWorkbookWriter(
    Sink sink, const std::string& temporary_folder) {
  CRM_ASSIGN_OR_RETURN(auto spool, NewSpoolingWriter(std::move(sink), temporary_folder));
  CRM_ASSIGN_OR_RETURN(auto workbook, OpenWorkbook(spool->path(), temporary_folder));
  spool->WriteTo(std::move(workbook));
  return spool;
}

}  // namespace crm::tabular
