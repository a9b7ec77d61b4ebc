#include "services/customer/import/rejected_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

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
                                                tabular::Sink sink) {
  CRM_ASSIGN_OR_RETURN(std::unique_ptr<tabular::TableWriter> writer,
                       tabular::NewCsvWriter(std::move(sink), {}));
  std::vector<std::string_view> header;
  std::vector<int> columns;
  for (int i = 0; i < job.report().columns_size(); ++i) {
    const std::string& text = job.report().columns(i).header();
    if (IsOurs(text)) continue;
    columns.push_back(i);
    header.push_back(text);
  }
  const Names& names = language == Language::kChinese ? kChinese : kEnglish;
  for (std::string_view name : {names.line, names.rules, names.mends}) header.push_back(name);
  CRM_RETURN_IF_ERROR(writer->Write(header));
  return RejectedFile(std::move(writer), std::move(columns), language);
}

absl::Status RejectedFile::Add(int64_t line, const v1::ImportCells& cells,
                               const std::vector<v1::ImportIssue>& issues) {
  std::vector<std::string_view> row;
  // The cells beyond the header of a row that was too long would push the reasons out of their
  // columns: they are cut here, and the reason says that there were some.
  for (const int column : columns_) {
    row.push_back(column < cells.cells_size() ? tabular::RemoveFormulaGuard(cells.cells(column))
                                              : std::string_view());
  }
  const std::string line_text = absl::StrCat(line);
  const std::string rules = Joined(issues, true, language_);
  const std::string mends = Joined(issues, false, language_);
  for (const std::string* text : {&line_text, &rules, &mends}) row.push_back(*text);
  return writer_->Write(row);
}

}  // namespace crm::customer::import
