#include "common/report_export/report_layout.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/report_export/report_units.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::MessageSchema;

// Paging and versions are between programs.
constexpr std::string_view kProtocolFields[] = {"next_page_token", "page_token", "page_size",
                                                "etag", "request_id"};

bool IsShown(const FieldSchema& field) {
  return field.kind != FieldKind::kBytes &&
         std::find(std::begin(kProtocolFields), std::end(kProtocolFields), field.name) ==
             std::end(kProtocolFields);
}

bool IsList(const FieldSchema& field) {
  return field.repeated && field.message != nullptr && !field.descriptor->is_map();
}

bool IsPart(const FieldSchema& field) { return !field.repeated && field.message != nullptr; }

// A message inside itself has no end.
bool Recurs(const FieldPath& path, const FieldSchema& field) {
  return std::any_of(path.begin(), path.end(),
                     [&](const FieldSchema* each) { return each->message == field.message; });
}

void AddColumns(const MessageSchema& message, size_t level, const FieldPath& before,
                std::vector<ColumnLayout>& columns) {
  for (const FieldSchema& field : message.fields()) {
    if (!IsShown(field) || IsList(field)) continue;
    FieldPath path = before;
    path.push_back(&field);
    if (!IsPart(field)) {
      columns.push_back({level, std::move(path)});
    } else if (!Recurs(before, field)) {
      AddColumns(*field.message, level, path, columns);
    }
  }
}

std::string NameOf(const FieldPath& path) {
  return absl::StrJoin(
      path, ".", [](std::string* out, const FieldSchema* field) { out->append(field->name); });
}

void AddSheets(const MessageSchema& message, const FieldPath& before, size_t level,
               const std::vector<ColumnLayout>& outer, std::vector<SheetLayout>& sheets) {
  for (const FieldSchema& field : message.fields()) {
    if ((!IsList(field) && !IsPart(field)) || Recurs(before, field)) continue;
    FieldPath path = before;
    path.push_back(&field);
    if (IsPart(field)) {
      AddSheets(*field.message, path, level, outer, sheets);
      continue;
    }
    std::vector<ColumnLayout> columns = outer;
    AddColumns(*field.message, level, {}, columns);
    sheets.push_back({NameOf(path), path, columns});
    AddSheets(*field.message, path, level + 1, columns, sheets);
  }
}

void VisitRows(const pb::Message& message, const FieldPath& path, size_t at, Levels& levels,
               const std::function<void(const Levels&)>& visit) {
  if (at == path.size()) return visit(levels);
  const pb::FieldDescriptor* field = path[at]->descriptor;
  const pb::Reflection& reflection = *message.GetReflection();
  if (!path[at]->repeated) {
    return VisitRows(reflection.GetMessage(message, field), path, at + 1, levels, visit);
  }
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const pb::Message& element = reflection.GetRepeatedMessage(message, field, i);
    levels.push_back(&element);
    VisitRows(element, path, at + 1, levels, visit);
    levels.pop_back();
  }
}

bool HasLabel(const FieldSchema& field) { return !field.options->label().en().empty(); }

// Labels of the whole path, or from the first on that says enough by itself.
enum class Length { kShort, kLong };

std::string HeaderOf(const ColumnLayout& column, schema::Language language, std::string_view zone,
                     Length length) {
  const FieldSchema& field = column.field();
  std::vector<std::string> words;
  for (const FieldSchema* each : column.path) {
    const bool says_nothing = each != &field && !HasLabel(*each) && HasLabel(field);
    if (length == Length::kLong || !says_nothing) words.push_back(each->Label(language));
  }
  const std::string name = absl::StrJoin(words, " ");
  const std::string unit = UnitText(field, language, zone);
  const bool has_unit = unit.empty() || name.find(unit) != std::string::npos;
  return has_unit ? name : absl::StrCat(name, " (", unit, ")");
}

std::map<std::string, int> CountsOf(const std::vector<std::string>& headers) {
  std::map<std::string, int> counts;
  for (const std::string& header : headers) ++counts[header];
  return counts;
}

// What still has the same name is in another list.
std::string WithList(const ColumnLayout& column, const std::string& header, const FieldPath& path,
                     schema::Language language) {
  size_t level = 0;
  for (const FieldSchema* field : path) {
    if (field->repeated && level++ == column.level) {
      return absl::StrCat(field->Label(language), " ", header);
    }
  }
  return header;
}

}  // namespace

const SheetLayout* ReportLayout::Find(std::string_view name) const {
  const auto found = std::find_if(sheets.begin(), sheets.end(),
                                  [&](const SheetLayout& sheet) { return sheet.name == name; });
  return found == sheets.end() ? nullptr : &*found;
}

std::vector<std::string> ReportLayout::SheetNames() const {
  std::vector<std::string> names;
  for (const SheetLayout& sheet : sheets) names.push_back(sheet.name);
  names.emplace_back(kAboutSheet);
  return names;
}

ReportLayout LayoutOf(const pb::Descriptor& answer) {
  ReportLayout layout;
  const MessageSchema& root = MessageSchema::Of(&answer);
  AddColumns(root, 0, {}, layout.about);
  AddSheets(root, {}, 0, {}, layout.sheets);
  return layout;
}

std::vector<ColumnLayout> ColumnsOf(const pb::Descriptor& message) {
  std::vector<ColumnLayout> columns;
  AddColumns(MessageSchema::Of(&message), 0, {}, columns);
  return columns;
}

void ForEachRow(const pb::Message& answer, const SheetLayout& sheet,
                const std::function<void(const Levels&)>& visit) {
  Levels levels;
  VisitRows(answer, sheet.path, 0, levels, visit);
}

std::vector<std::string> HeadersOf(const std::vector<ColumnLayout>& columns, const FieldPath& path,
                                   schema::Language language, std::string_view zone) {
  std::vector<std::string> headers;
  for (const ColumnLayout& column : columns) {
    headers.push_back(HeaderOf(column, language, zone, Length::kShort));
  }
  std::map<std::string, int> counts = CountsOf(headers);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (counts[headers[i]] > 1) headers[i] = HeaderOf(columns[i], language, zone, Length::kLong);
  }
  counts = CountsOf(headers);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (counts[headers[i]] > 1) headers[i] = WithList(columns[i], headers[i], path, language);
  }
  return headers;
}

std::string TitleOf(const SheetLayout& sheet, schema::Language language) {
  return absl::StrJoin(sheet.path, " ", [&](std::string* out, const FieldSchema* field) {
    out->append(field->Label(language));
  });
}

}  // namespace crm::report_export
