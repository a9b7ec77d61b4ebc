#include "common/report_export/report_file.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/report_export/report_cell.h"
#include "common/report_export/report_units.h"
#include "common/tabular/workbook_writer.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;
using schema::Language;
using tabular::TableWriter;
using Column = tabular::XlsxWriterOptions::Column;
using Note = std::pair<std::string, std::string>;

// Bytes of a cell in a file.
using RoomOf = int64_t (*)(const std::string& cell);

int64_t RoomInCsv(const std::string& cell) { return static_cast<int64_t>(cell.size()) + 1; }

// In the XML of a sheet: markup around it, escapes of what XML does not take; nothing if it is
// empty.
int64_t RoomInSheet(const std::string& cell) {
  constexpr int64_t kMarkup = 56;
  constexpr int64_t kEscape = 7;
  if (cell.empty()) return 0;
  const auto escapes = std::count_if(cell.begin(), cell.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' ||
           std::string_view("&<>\"").find(c) != std::string_view::npos;
  });
  return kMarkup + static_cast<int64_t>(cell.size()) + escapes * kEscape;
}

std::string TemporaryFolder() {
  const char* const folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

// Writes rows while the report is not too large.
class Rows {
 public:
  Rows(TableWriter& writer, const FileLimits& limits, RoomOf room)
      : writer_(writer), limits_(limits), room_(room) {}

  absl::Status Write(const std::vector<std::string>& cells) {
    for (const std::string& cell : cells) bytes_ += room_(cell);
    if (bytes_ > limits_.max_bytes) return ReportTooLarge(limits_);
    return writer_.Write(std::vector<std::string_view>(cells.begin(), cells.end()));
  }
  absl::Status WriteData(const std::vector<std::string>& cells) {
    if (++count_ > limits_.max_rows) return ReportTooLarge(limits_);
    return Write(cells);
  }
  int64_t count() const { return count_; }

 private:
  TableWriter& writer_;
  const FileLimits limits_;
  const RoomOf room_;
  int64_t bytes_ = 0;
  int64_t count_ = 0;
};

CellRules RulesOf(const FileContext& context, CellForm form) {
  return {context.language, context.zone, form};
}

absl::Status WriteSheet(const pb::Message& answer, const SheetLayout& sheet,
                        const FileContext& context, CellForm form, Rows& rows) {
  const CellRules rules = RulesOf(context, form);
  CRM_RETURN_IF_ERROR(
      rows.Write(HeadersOf(sheet.columns, sheet.path, context.language, context.zone.name())));
  absl::Status status;
  ForEachRow(answer, sheet, [&](const Levels& levels) {
    if (!status.ok()) return;
    std::vector<std::string> cells;
    cells.reserve(sheet.columns.size());
    for (const ColumnLayout& column : sheet.columns) {
      cells.push_back(CellText(*levels[column.level], column, rules));
    }
    status = rows.WriteData(cells);
  });
  return status;
}

// Names and values of the plain fields that are set.
void AddValues(const pb::Message& message, const std::vector<ColumnLayout>& columns,
               const FileContext& context, std::vector<Note>& notes) {
  const std::vector<std::string> names =
      HeadersOf(columns, {}, context.language, context.zone.name());
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string text = CellText(message, columns[i], RulesOf(context, CellForm::kText));
    if (!text.empty()) notes.emplace_back(names[i], std::move(text));
  }
}

// Of a request only what was asked for: nothing and no are as good as absent.
std::vector<ColumnLayout> SetColumns(const pb::Message& request) {
  std::vector<ColumnLayout> set;
  for (ColumnLayout& column : ColumnsOf(*request.GetDescriptor())) {
    const pb::Message* holder = &request;
    for (size_t i = 0; i + 1 < column.path.size(); ++i) {
      holder = &holder->GetReflection()->GetMessage(*holder, column.path[i]->descriptor);
    }
    const pb::FieldDescriptor* field = column.field().descriptor;
    const pb::Reflection& reflection = *holder->GetReflection();
    const bool is_set = field->is_repeated() ? reflection.FieldSize(*holder, field) > 0
                                             : reflection.HasField(*holder, field);
    if (is_set) set.push_back(std::move(column));
  }
  return set;
}

std::vector<Note> AboutOf(const pb::Message& answer, const ReportLayout& layout,
                          const FileContext& context) {
  std::vector<Note> notes = context.notes;
  if (context.request != nullptr) {
    AddValues(*context.request, SetColumns(*context.request), context, notes);
  }
  AddValues(answer, layout.about, context, notes);
  return notes;
}

absl::Status WriteAbout(const std::vector<Note>& notes, const FileContext& context, Rows& rows) {
  const bool zh = context.language == Language::kChinese;
  CRM_RETURN_IF_ERROR(rows.Write({zh ? "项目" : "item", zh ? "内容" : "value"}));
  for (const auto& [name, value] : notes) CRM_RETURN_IF_ERROR(rows.Write({name, value}));
  return absl::OkStatus();
}

// Names that a workbook takes, each once in any case.
class SheetNames {
 public:
  std::string Take(const std::string& wanted) {
    const std::string name = Fitting(wanted, tabular::kMaxSheetName);
    for (int i = 1;; ++i) {
      const std::string suffix = i == 1 ? "" : absl::StrCat(" ", i);
      const std::string tried =
          absl::StrCat(Fitting(name, tabular::kMaxSheetName - suffix.size()), suffix);
      if (taken_.insert(absl::AsciiStrToLower(tried)).second) return tried;
    }
  }

 private:
  static std::string Fitting(const std::string& text, size_t characters) {
    std::string name;
    for (const char c : text) {
      const bool begins_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      if (begins_character && characters-- == 0) break;
      name += std::string_view("[]:*?/\\'").find(c) == std::string_view::npos ? c : ' ';
    }
    return name;
  }

  std::set<std::string> taken_;
};

std::vector<Column> KindsOf(const SheetLayout& sheet) {
  std::vector<Column> kinds;
  for (const ColumnLayout& column : sheet.columns) kinds.push_back(ColumnKind(column.field()));
  return kinds;
}

tabular::Sink Into(std::string& bytes) {
  return [&bytes](std::string_view chunk) {
    bytes += chunk;
    return absl::OkStatus();
  };
}

}  // namespace

absl::Status ReportTooLarge(const FileLimits& limits) {
  return Error(absl::StatusCode::kFailedPrecondition, "REPORT_TOO_LARGE",
               "the report has too many rows for a file: narrow its period or its filters")
      .Meta("max_rows", absl::StrCat(limits.max_rows))
      .Meta("max_bytes", absl::StrCat(limits.max_bytes));
}

absl::StatusOr<ReportFile> MakeWorkbook(const pb::Message& answer, const ReportLayout& layout,
                                        const FileContext& context) {
  ReportFile file;
  CRM_ASSIGN_OR_RETURN(const auto writer,
                       tabular::NewWorkbookWriter(Into(file.bytes), TemporaryFolder()));
  Rows rows(*writer, context.limits, RoomInSheet);
  SheetNames names;
  const std::string about = names.Take(context.language == Language::kChinese ? "说明" : "About");
  CRM_RETURN_IF_ERROR(writer->StartSheet(
      {.name = about, .columns = {Column::kText, Column::kNumber}, .header = true}));
  CRM_RETURN_IF_ERROR(WriteAbout(AboutOf(answer, layout, context), context, rows));
  const bool is_only = layout.sheets.size() == 1;
  for (const SheetLayout& sheet : layout.sheets) {
    const std::string title = is_only ? context.title : TitleOf(sheet, context.language);
    CRM_RETURN_IF_ERROR(
        writer->StartSheet({.name = names.Take(title), .columns = KindsOf(sheet), .header = true}));
    CRM_RETURN_IF_ERROR(WriteSheet(answer, sheet, context, CellForm::kTyped, rows));
  }
  CRM_RETURN_IF_ERROR(writer->Close());
  file.rows = rows.count();
  return file;
}

absl::StatusOr<ReportFile> MakeCsv(const pb::Message& answer, const ReportLayout& layout,
                                   const SheetLayout* sheet, const FileContext& context) {
  ReportFile file;
  CRM_ASSIGN_OR_RETURN(const auto writer, tabular::NewCsvWriter(Into(file.bytes), {}));
  Rows rows(*writer, context.limits, RoomInCsv);
  if (sheet == nullptr) {
    CRM_RETURN_IF_ERROR(WriteAbout(AboutOf(answer, layout, context), context, rows));
  } else {
    CRM_RETURN_IF_ERROR(WriteSheet(answer, *sheet, context, CellForm::kText, rows));
  }
  CRM_RETURN_IF_ERROR(writer->Close());
  file.rows = rows.count();
  return file;
}

}  // namespace crm::report_export
