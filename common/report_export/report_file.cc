#include "common/report_export/report_file.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/report_export/report_about.h"
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

tabular::Sink Into(Spool& spool) {
  return [&spool](std::string_view chunk) { return spool.Append(chunk); };
}

// What all sheets of a file may take together.
class Budget {
 public:
  Budget(const FileLimits& limits, RoomOf room) : limits_(limits), room_(room) {}

  absl::Status Take(const std::vector<std::string>& cells) {
    for (const std::string& cell : cells) bytes_ += room_(cell);
    return bytes_ > limits_.max_bytes ? ReportTooLarge(limits_) : absl::OkStatus();
  }
  absl::Status TakeRow(const std::vector<std::string>& cells) {
    if (++rows_ > limits_.max_rows) return ReportTooLarge(limits_);
    return Take(cells);
  }
  int64_t rows() const { return rows_; }

 private:
  const FileLimits limits_;
  const RoomOf room_;
  int64_t bytes_ = 0;
  int64_t rows_ = 0;
};

absl::Status WriteCells(TableWriter& out, const std::vector<std::string>& cells) {
  return out.Write(std::vector<std::string_view>(cells.begin(), cells.end()));
}

absl::Status WriteHeader(const SheetLayout& sheet, const FileContext& context, TableWriter& out,
                         Budget& budget) {
  const std::vector<std::string> headers =
      HeadersOf(sheet.columns, sheet.path, context.language, context.zone.name());
  CRM_RETURN_IF_ERROR(budget.Take(headers));
  return WriteCells(out, headers);
}

absl::Status WriteRows(const pb::Message& page, const SheetLayout& sheet, const CellWriter& writer,
                       TableWriter& out, Budget& budget) {
  absl::Status status;
  ForEachRow(page, sheet, [&](const Levels& levels) {
    if (!status.ok()) return;
    std::vector<std::string> cells;
    cells.reserve(sheet.columns.size());
    for (const ColumnLayout& column : sheet.columns) {
      cells.push_back(writer.CellOf(*levels[column.level], column));
    }
    status = budget.TakeRow(cells);
    if (status.ok()) status = WriteCells(out, cells);
  });
  return status;
}

absl::Status WriteAbout(const std::vector<Note>& notes, const FileContext& context,
                        TableWriter& out, Budget& budget) {
  const bool zh = context.language == Language::kChinese;
  CRM_RETURN_IF_ERROR(out.Write({zh ? "项目" : "item", zh ? "内容" : "value"}));
  for (const auto& [name, value] : notes) {
    CRM_RETURN_IF_ERROR(budget.Take({name, value}));
    CRM_RETURN_IF_ERROR(out.Write({name, value}));
  }
  return absl::OkStatus();
}

CellRules RulesOf(const FileContext& context, CellForm form) {
  return {context.language, context.zone, form, context.plain_kinds};
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

class CsvReport : public ReportWriter {
 public:
  CsvReport(const ReportLayout& layout, const SheetLayout* sheet, const FileContext& context,
            std::unique_ptr<Spool> spool, std::unique_ptr<TableWriter> out)
      : layout_(layout),
        sheet_(sheet),
        context_(context),
        cells_(RulesOf(context, CellForm::kText)),
        budget_(context.limits, RoomInCsv),
        spool_(std::move(spool)),
        out_(std::move(out)) {}

  bool takes_all_pages() const override { return sheet_ != nullptr; }

  absl::Status Add(const pb::Message& page) override {
    if (sheet_ == nullptr) {
      return WriteAbout(AboutOf(page, layout_, context_), context_, *out_, budget_);
    }
    if (!std::exchange(begun_, true)) {
      CRM_RETURN_IF_ERROR(WriteHeader(*sheet_, context_, *out_, budget_));
    }
    return WriteRows(page, *sheet_, cells_, *out_, budget_);
  }

  absl::StatusOr<ReportFile> Finish() override {
    CRM_RETURN_IF_ERROR(out_->Close());
    return ReportFile{std::move(spool_), budget_.rows()};
  }

 private:
  const ReportLayout& layout_;
  const SheetLayout* const sheet_;
  const FileContext context_;
  const CellWriter cells_;
  Budget budget_;
  std::unique_ptr<Spool> spool_;
  const std::unique_ptr<TableWriter> out_;
  bool begun_ = false;
};

class WorkbookReport : public ReportWriter {
 public:
  WorkbookReport(const ReportLayout& layout, const FileContext& context,
                 std::unique_ptr<Spool> spool, std::unique_ptr<tabular::WorkbookWriter> workbook)
      : layout_(layout),
        context_(context),
        cells_(RulesOf(context, CellForm::kTyped)),
        budget_(context.limits, RoomInSheet),
        spool_(std::move(spool)),
        workbook_(std::move(workbook)) {}

  bool takes_all_pages() const override { return true; }

  absl::Status Add(const pb::Message& page) override {
    if (!std::exchange(begun_, true)) CRM_RETURN_IF_ERROR(Begin(page));
    for (size_t i = 0; i < layout_.sheets.size(); ++i) {
      CRM_RETURN_IF_ERROR(WriteRows(page, layout_.sheets[i], cells_, *sheets_[i], budget_));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ReportFile> Finish() override {
    CRM_RETURN_IF_ERROR(workbook_->Close());
    return ReportFile{std::move(spool_), budget_.rows()};
  }

 private:
  absl::Status Begin(const pb::Message& page) {
    const std::string name = context_.language == Language::kChinese ? "说明" : "About";
    CRM_ASSIGN_OR_RETURN(TableWriter* const about,
                         workbook_->AddSheet({.name = names_.Take(name),
                                              .columns = {Column::kText, Column::kNumber},
                                              .header = true}));
    CRM_RETURN_IF_ERROR(WriteAbout(AboutOf(page, layout_, context_), context_, *about, budget_));
    for (const SheetLayout& sheet : layout_.sheets) CRM_RETURN_IF_ERROR(AddSheet(sheet));
    return absl::OkStatus();
  }

  absl::Status AddSheet(const SheetLayout& sheet) {
    const bool is_only = layout_.sheets.size() == 1;
    const std::string title = is_only ? context_.title : TitleOf(sheet, context_.language);
    CRM_ASSIGN_OR_RETURN(TableWriter* const out, workbook_->AddSheet({.name = names_.Take(title),
                                                                      .columns = KindsOf(sheet),
                                                                      .header = true}));
    sheets_.push_back(out);
    return WriteHeader(sheet, context_, *out, budget_);
  }

  const ReportLayout& layout_;
  const FileContext context_;
  const CellWriter cells_;
  Budget budget_;
  std::unique_ptr<Spool> spool_;
  const std::unique_ptr<tabular::WorkbookWriter> workbook_;
  SheetNames names_;
  std::vector<TableWriter*> sheets_;  // those of the layout
  bool begun_ = false;
};

}  // namespace

absl::Status ReportTooLarge(const FileLimits& limits) {
  return Error(absl::StatusCode::kFailedPrecondition, "REPORT_TOO_LARGE",
               "the report is too large for a file: narrow its period or its filter")
      .Meta("max_rows", absl::StrCat(limits.max_rows))
      .Meta("max_bytes", absl::StrCat(limits.max_bytes));
}

absl::StatusOr<std::unique_ptr<ReportWriter>> NewWorkbookReport(const ReportLayout& layout,
                                                                const FileContext& context) {
  CRM_ASSIGN_OR_RETURN(auto spool, Spool::In(TemporaryFolder()));
  CRM_ASSIGN_OR_RETURN(auto workbook, tabular::NewWorkbookWriter(Into(*spool), TemporaryFolder()));
  return std::make_unique<WorkbookReport>(layout, context, std::move(spool), std::move(workbook));
}

absl::StatusOr<std::unique_ptr<ReportWriter>> NewCsvReport(const ReportLayout& layout,
                                                           const SheetLayout* sheet,
                                                           const FileContext& context) {
  CRM_ASSIGN_OR_RETURN(auto spool, Spool::In(TemporaryFolder()));
  CRM_ASSIGN_OR_RETURN(auto out, tabular::NewCsvWriter(Into(*spool), {}));
  return std::make_unique<CsvReport>(layout, sheet, context, std::move(spool), std::move(out));
}

}  // namespace crm::report_export
