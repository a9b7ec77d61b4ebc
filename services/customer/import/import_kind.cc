#include "services/customer/import/import_kind.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/text/masking.h"
#include "common/text/unicode.h"

namespace crm::customer::import {

namespace opt = crm::options::v1;

namespace {

constexpr size_t kMaxShown = 40;  // characters of a value in a report
constexpr size_t kLongestPersonName = 5;

std::string MaskedName(std::string_view value) {
  return text::CodePointLength(value) <= kLongestPersonName ? text::MaskName(value)
                                                            : text::MaskOrganizationName(value);
}

// A phone or an id in the wrong column is still one.
void HideLongNumbers(std::string& text) {
  constexpr size_t kShownDigits = 3;
  constexpr size_t kHarmlessDigits = 6;
  size_t start = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) continue;
    if (i - start > kHarmlessDigits) {
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(start + kShownDigits),
                text.begin() + static_cast<std::ptrdiff_t>(i - 1), '*');
    }
    start = i + 1;
  }
}

// Plain values may be anything when they broke a rule: short, and nothing that moves the cursor.
std::string Shown(std::string_view value) {
  std::string shown(text::FirstCodePoints(value, kMaxShown));
  HideLongNumbers(shown);
  if (shown.size() < value.size()) shown += "…";
  if (text::HasControlCharacters(shown)) {
    std::replace_if(
        shown.begin(), shown.end(),
        [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, ' ');
    if (text::HasControlCharacters(shown)) return "***";
  }
  return shown;
}

}  // namespace

void RawRow::Assign(const tabular::Row& row) {
  text_.clear();
  ends_.clear();
  ends_.reserve(row.size());
  for (std::string_view cell : row.cells()) Add(cell);
}

void RawRow::Add(std::string_view cell) {
  text_ += cell;
  ends_.push_back(static_cast<uint32_t>(text_.size()));
}

std::string_view RawRow::operator[](size_t column) const {
  if (column >= ends_.size()) return "";
  const size_t begin = column == 0 ? 0 : ends_[column - 1];
  return std::string_view(text_).substr(begin, ends_[column] - begin);
}

v1::ImportCells RawRow::ToProto() const {
  v1::ImportCells cells;
  for (size_t i = 0; i < size(); ++i) cells.add_cells(std::string((*this)[i]));
  return cells;
}

RawRow RawRow::FromProto(const v1::ImportCells& cells) {
  RawRow row;
  for (const std::string& cell : cells.cells()) row.Add(cell);
  return row;
}

std::string MaskedForReport(const schema::FieldSchema* schema, std::string_view value) {
  if (schema == nullptr) return Shown(value);
  if (schema->name == "full_name") return MaskedName(value);
  if (schema->name == "credit_code") return text::MaskId(value);
  switch (schema->options->sensitivity()) {
    case opt::SENSITIVITY_UNSPECIFIED:
      return Shown(value);
    case opt::SENSITIVITY_PHONE:
      return text::MaskPhone(value);
    case opt::SENSITIVITY_EMAIL:
      return text::MaskEmail(value);
    case opt::SENSITIVITY_NAME:
      return MaskedName(value);
    case opt::SENSITIVITY_RESIDENT_ID:
    case opt::SENSITIVITY_BANK_ACCOUNT:
      return text::MaskId(value);
    case opt::SENSITIVITY_DATE:
      return text::MaskDate(value);
    default:
      return text::MaskAll(value);
  }
}

v1::ImportIssue MakeIssue(int64_t line, const ColumnPlan::Column* column, std::string_view field,
                          const schema::FieldSchema* schema, std::string_view value,
                          const schema::Breach& breach) {
  v1::ImportIssue issue;
  issue.set_line(line);
  if (column != nullptr) issue.set_header(column->header);
  issue.set_field(std::string(field));
  issue.set_value(MaskedForReport(schema, value));
  issue.set_rule(breach.rule);
  issue.set_mend_en(breach.mend_en);
  issue.set_mend_zh(breach.mend_zh);
  return issue;
}

}  // namespace crm::customer::import
