#include "common/tabular/xlsx_reader.h"

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/table_error.h"
#include "common/tabular/xlsx_package.h"
#include "common/tabular/xlsx_workbook.h"

namespace crm::tabular {
namespace {

constexpr int64_t kMaxRow = 1'048'576;

enum class CellType { kNumber, kSharedString, kInlineString, kText, kBoolean, kDate };

CellType CellTypeOf(std::string_view t) {
  if (t == "s") return CellType::kSharedString;
  if (t == "inlineStr") return CellType::kInlineString;
  if (t == "b") return CellType::kBoolean;
  if (t == "d") return CellType::kDate;
  if (t == "str" || t == "e") return CellType::kText;
  return CellType::kNumber;
}

// `2024-03-01T00:00:00.000Z` → `2024-03-01 00:00:00`.
void AppendIsoDate(std::string_view iso, std::string& out) {
  const size_t begin = out.size();
  out.append(iso.substr(0, iso.find_first_of(".Z")));
  if (out.size() > begin + 10 && out[begin + 10] == 'T') out[begin + 10] = ' ';
}

// Builds one row at a time from a sheet's elements and pauses the parser after each.
class SheetHandler : public XmlHandler {
 public:
  // Rows up to `skip_to_row` are passed over.
  SheetHandler(const Workbook& workbook, const ReadLimits& limits, XmlPart& part,
               int64_t skip_to_row)
      : workbook_(workbook), limits_(limits), part_(part), skip_to_row_(skip_to_row) {}

  int64_t row_number() const { return row_; }

  void MoveTo(Row& row) const {
    row.Reset(row_);
    for (const Cell& cell : cells_) {
      row.PadTo(cell.column);
      row.Add(cell.shared ? workbook_.strings[cell.begin]
                          : std::string_view(text_).substr(cell.begin, cell.size));
    }
  }

  void OnStart(std::string_view element, const XmlAttributes& attributes) override {
    if (element == "row") return StartRow(attributes);
    if (!in_row_ || skipping_) return;
    if (element == "c") {
      StartCell(attributes);
    } else if (element == "v") {
      capture_ = type_ != CellType::kInlineString;
    } else if (element == "t") {
      capture_ = type_ == CellType::kInlineString && !phonetic_;
    } else if (element == "rPh") {
      phonetic_ = true;
    }
  }

  void OnText(std::string_view text) override {
    if (!capture_) return;
    value_.append(text);
    if (static_cast<int64_t>(value_.size()) > limits_.max_cell_bytes) Refuse("a cell is too long");
  }

  void OnEnd(std::string_view element) override {
    capture_ = false;
    if (!in_row_) return;
    if (element == "rPh") phonetic_ = false;
    if (element == "c" && !skipping_) EndCell();
    if (element == "row") EndRow();
  }

 private:
  struct Cell {
    size_t column;
    size_t begin;  // in text_, or the number of the shared string
    size_t size;
    bool shared;
  };

  void StartRow(const XmlAttributes& attributes) {
    int64_t number = row_ + 1;
    const std::string_view given = attributes.Get("r");
    if (!given.empty() && !absl::SimpleAtoi(ToAbsl(given), &number)) return Damaged();
    if (in_row_ || number <= row_ || number > kMaxRow) return Damaged();
    row_ = number;
    in_row_ = true;
    skipping_ = row_ <= skip_to_row_;
    next_column_ = 0;
    cells_.clear();
    text_.clear();
  }

  void StartCell(const XmlAttributes& attributes) {
    column_ = next_column_;
    const std::string_view reference = attributes.Get("r");
    if (!reference.empty()) {
      const std::optional<size_t> column = ColumnOf(reference);
      if (!column || *column < next_column_) return Damaged();
      column_ = *column;
    }
    if (column_ >= limits_.max_columns) return Refuse("a row has too many columns");
    next_column_ = column_ + 1;
    type_ = CellTypeOf(attributes.Get("t"));
    if (!absl::SimpleAtoi(ToAbsl(attributes.Get("s")), &style_)) style_ = 0;
    value_.clear();
    phonetic_ = false;
  }

  void EndCell() {
    if (value_.empty()) return;
    Cell cell{column_, text_.size(), 0, false};
    switch (type_) {
      case CellType::kSharedString: {
        size_t index;
        if (!absl::SimpleAtoi(ToAbsl(value_), &index) || index >= workbook_.strings.count()) {
          return Damaged();
        }
        if (static_cast<int64_t>(workbook_.strings[index].size()) > limits_.max_cell_bytes) {
          return Refuse("a cell is too long");
        }
        if (workbook_.strings[index].empty()) return;
        cell.begin = index;
        cell.shared = true;
        break;
      }
      case CellType::kNumber:
        AppendNumber();
        break;
      case CellType::kBoolean:
        text_.append(value_ == "1" || value_ == "true" ? "TRUE" : "FALSE");
        break;
      case CellType::kDate:
        AppendIsoDate(value_, text_);
        break;
      case CellType::kInlineString:
      case CellType::kText:
        text_.append(value_);
        UnescapeText(text_, cell.begin);
        break;
    }
    if (static_cast<int64_t>(text_.size()) > limits_.max_row_bytes) {
      return Refuse("a row is too long");
    }
    if (!cell.shared) cell.size = text_.size() - cell.begin;
    cells_.push_back(cell);
  }

  void AppendNumber() {
    const NumberKind kind =
        style_ < workbook_.styles.size() ? workbook_.styles[style_] : NumberKind::kPlain;
    double serial;
    if (kind != NumberKind::kPlain && absl::SimpleAtod(ToAbsl(value_), &serial)) {
      if (const auto date = SerialToText(serial, workbook_.dates, kind)) {
        text_.append(*date);
        return;
      }
    }
    text_.append(PlainNumber(value_));
  }

  void EndRow() {
    in_row_ = false;
    if (!skipping_ && !cells_.empty()) part_.Pause();
  }

  void Damaged() { part_.Fail(LineError("TABLE_CORRUPT", "the sheet is damaged", row_)); }
  void Refuse(std::string_view message) { part_.Fail(LineError("TABLE_TOO_LARGE", message, row_)); }

  const Workbook& workbook_;
  const ReadLimits& limits_;
  XmlPart& part_;
  const int64_t skip_to_row_;
  int64_t row_ = 0;
  bool in_row_ = false;
  bool skipping_ = false;
  bool capture_ = false;
  bool phonetic_ = false;
  size_t next_column_ = 0;
  size_t column_ = 0;
  CellType type_ = CellType::kNumber;
  size_t style_ = 0;
  std::string value_;
  std::string text_;  // the cells of the row, one after the other
  std::vector<Cell> cells_;
};

class XlsxReader : public TableReader {
 public:
  XlsxReader(std::unique_ptr<XlsxPackage> package, Workbook workbook, std::string part,
             TableInfo info, const ReadLimits& limits)
      : package_(std::move(package)),
        workbook_(std::move(workbook)),
        part_name_(std::move(part)),
        info_(std::move(info)),
        limits_(limits) {}

  absl::StatusOr<bool> Next(Row& row) override {
    do {
      absl::StatusOr<bool> more = part_->Run(*handler_);
      if (!more.ok() || !*more) return more;
      handler_->MoveTo(row);
    } while (row.IsBlank());
    last_row_ = handler_->row_number();
    return true;
  }

  Position position() const override { return {last_row_, last_row_ + 1}; }

  // Inflates the sheet again from its start: a zip stream has no other entrance.
  absl::Status SeekTo(const Position& position) override {
    if (position.offset < 0 || position.offset > kMaxRow) {
      return FileError("TABLE_POSITION_INVALID", "the position lies outside the sheet");
    }
    CRM_ASSIGN_OR_RETURN(part_, package_->OpenPart(part_name_));
    handler_.emplace(workbook_, limits_, *part_, position.offset);
    last_row_ = position.offset;
    return absl::OkStatus();
  }

  const TableInfo& info() const override { return info_; }
  Progress progress() const override { return {part_->inflated_bytes(), part_->expected_bytes()}; }

 private:
  const std::unique_ptr<XlsxPackage> package_;
  const Workbook workbook_;
  const std::string part_name_;
  const TableInfo info_;
  const ReadLimits limits_;
  std::unique_ptr<XmlPart> part_;
  std::optional<SheetHandler> handler_;
  int64_t last_row_ = 0;
};

absl::Status SheetNotFound(const std::vector<std::string>& sheets) {
  return Error(absl::StatusCode::kInvalidArgument, "TABLE_SHEET_NOT_FOUND",
               "the workbook has no such sheet")
      .Meta("sheets", absl::StrJoin(sheets, "\n"));
}

}  // namespace

std::optional<size_t> ColumnOf(std::string_view reference) {
  constexpr size_t kLetters = 3;  // XFD is the last column
  size_t column = 0;
  size_t letters = 0;
  for (; letters < reference.size() && reference[letters] >= 'A' && reference[letters] <= 'Z';
       ++letters) {
    if (letters == kLetters) return std::nullopt;
    column = column * 26 + static_cast<size_t>(reference[letters] - 'A') + 1;
  }
  if (letters == 0) return std::nullopt;
  return column - 1;
}

std::string PlainNumber(std::string_view stored) {
  constexpr size_t kExactDigits = 15;
  constexpr double kLargestPlain = 1e21;
  const bool plain =
      stored.size() <= kExactDigits && stored.find_first_of("eE+") == std::string_view::npos;
  double number;
  if (plain || !absl::SimpleAtod(ToAbsl(stored), &number) || !std::isfinite(number) ||
      std::fabs(number) >= kLargestPlain) {
    return std::string(stored);
  }
  char buffer[400];  // the smallest double has 324 decimals
  const std::to_chars_result end =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  return std::string(buffer, end.ptr);
}

absl::StatusOr<std::unique_ptr<TableReader>> OpenXlsx(const std::string& path,
                                                      const ReadOptions& options) {
  CRM_ASSIGN_OR_RETURN(std::unique_ptr<XlsxPackage> package,
                       XlsxPackage::Open(path, options.limits));
  CRM_ASSIGN_OR_RETURN(Workbook workbook, ReadWorkbook(*package, options.limits));
  TableInfo info;
  info.format = Format::kXlsx;
  std::string part;
  for (const Sheet& sheet : workbook.sheets) {
    info.sheets.push_back(sheet.name);
    const bool wanted = options.sheet.empty() || options.sheet == sheet.name;
    if (part.empty() && wanted) {
      part = sheet.part;
      info.sheet = sheet.name;
    }
  }
  if (part.empty()) return SheetNotFound(info.sheets);
  auto reader = std::make_unique<XlsxReader>(std::move(package), std::move(workbook),
                                             std::move(part), std::move(info), options.limits);
  CRM_RETURN_IF_ERROR(reader->SeekTo(Position{}));
  return reader;
}

}  // namespace crm::tabular
