#include "services/customer/import/rejected_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/customer/import/import_kind.h"

namespace crm::customer::import {
namespace {

using schema::Language;

struct Names {
  std::string_view line;
  std::string_view rules;
  std::string_view mends;
};
constexpr Names kChinese{"原文件行号", "拒绝规则", "修改建议"};
constexpr Names kEnglish{"line in the original file", "broken rules", "how to mend it"};

// A mended file that is rejected again does not get them twice.
bool IsOurs(std::string_view header) {
  for (const Names& names : {kChinese, kEnglish}) {
    if (header == names.line || header == names.rules || header == names.mends) return true;
  }
  return false;
}

std::string Joined(const std::vector<v1::ImportIssue>& issues, bool rules, Language language) {
  std::string text;
  for (const v1::ImportIssue& issue : issues) {
    if (!text.empty()) text += "; ";
    const std::string& place = issue.header().empty() ? issue.field() : issue.header();
    if (!place.empty()) absl::StrAppend(&text, place, ": ");
    const std::string& mend = language == Language::kChinese ? issue.mend_zh() : issue.mend_en();
    text += rules ? issue.rule() : mend;
  }
  return text;
}

}  // namespace

absl::StatusOr<RejectedFile> RejectedFile::Open(const v1::ImportJob& job, Language language,
                                                const FieldCatalog* mask_by, tabular::Sink sink) {
  CRM_ASSIGN_OR_RETURN(std::unique_ptr<tabular::TableWriter> writer,
                       tabular::NewCsvWriter(std::move(sink), {}));
  std::vector<std::string_view> header;
  std::vector<Column> columns;
  for (int i = 0; i < job.report().columns_size(); ++i) {
    const std::string& text = job.report().columns(i).header();
    if (IsOurs(text)) continue;
    const ImportField* field =
        mask_by == nullptr ? nullptr : mask_by->Find(job.report().columns(i).field());
    columns.push_back({i, field == nullptr ? nullptr : field->shown_as});
    header.push_back(text);
  }
  const Names& names = language == Language::kChinese ? kChinese : kEnglish;
  for (std::string_view name : {names.line, names.rules, names.mends}) header.push_back(name);
  CRM_RETURN_IF_ERROR(writer->Write(header));
  return RejectedFile(std::move(writer), std::move(columns), mask_by != nullptr, language);
}

std::string RejectedFile::CellOf(const v1::ImportCells& cells, const Column& column) const {
  if (column.index >= cells.cells_size()) return "";
  const std::string_view cell = tabular::RemoveFormulaGuard(cells.cells(column.index));
  return masked_ ? MaskedForReport(column.field, cell) : std::string(cell);
}

absl::Status RejectedFile::Add(int64_t line, const v1::ImportCells& cells,
                               const std::vector<v1::ImportIssue>& issues) {
  std::vector<std::string> texts;
  // The cells beyond the header of a row that was too long would push the reasons out of their
  // columns: they are cut here, and the reason says that there were some.
  for (const Column& column : columns_) texts.push_back(CellOf(cells, column));
  texts.push_back(absl::StrCat(line));
  texts.push_back(Joined(issues, true, language_));
  texts.push_back(Joined(issues, false, language_));
  return writer_->Write(std::vector<std::string_view>(texts.begin(), texts.end()));
}

}  // namespace crm::customer::import
