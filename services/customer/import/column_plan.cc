#include "services/customer/import/column_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/schema/language.h"
#include "common/text/unicode.h"

namespace crm::customer::import {
namespace {

using schema::FieldSchema;
using schema::Language;

constexpr std::string_view kIgnore = "-";
constexpr std::string_view kCustomFields = "custom_fields";

// The header without brackets at its end, and what is in them.
std::pair<std::string, std::string> SplitBrackets(std::string_view header) {
  const std::string folded = text::FoldForSearch(text::Trim(header));
  const size_t open = folded.find_last_of("([");
  const bool closed = !folded.empty() && (folded.back() == ')' || folded.back() == ']');
  if (!closed || open == std::string::npos || open == 0) return {std::string(header), ""};
  return {folded.substr(0, open), folded.substr(open + 1, folded.size() - open - 2)};
}

// `公司名称/姓名` → both names.
std::vector<std::string> Parts(std::string_view header) {
  std::vector<std::string> parts(1);
  for (const char c : text::FoldForSearch(header)) {
    if (c == '/' || c == '|' || c == '\\') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool IsImportable(const FieldSchema& field) {
  return !field.options->output_only() && !field.options->not_stored() &&
         field.kind != schema::FieldKind::kStruct && field.kind != schema::FieldKind::kMessage;
}

const v1::ColumnMapping* MappingOf(const v1::ImportSpec& spec, std::string_view header) {
  const std::string trimmed(text::Trim(header));
  for (const v1::ColumnMapping& mapping : spec.mapping()) {
    if (text::Trim(mapping.header()) == trimmed) return &mapping;
  }
  return nullptr;
}

}  // namespace

std::string HeaderKey(std::string_view header) {
  const std::string folded = text::FoldForSearch(header);
  std::string key;
  for (text::CodePoints points(folded); !points.done();) {
    const char32_t c = points.Next();
    const bool ascii_mark = c < 0x80 && !absl::ascii_isalnum(static_cast<unsigned char>(c));
    const bool wide_mark = (c >= 0x2000 && c < 0x2070) || (c >= 0x3000 && c < 0x3020);
    if (!ascii_mark && !wide_mark) text::AppendUtf8(c, key);
  }
  return key;
}

FieldCatalog::FieldCatalog(const schema::MessageSchema& schema, std::vector<ExtraField> extra)
    : schema_(schema) {
  for (const FieldSchema& field : schema.fields()) {
    if (field.name == kCustomFields) custom_fields_ = &field;
    if (!IsImportable(field)) continue;
    by_name_[field.name] = fields_.size();
    fields_.push_back({field.name, &field, &field});
  }
  for (const ExtraField& field : extra) {
    if (by_name_.contains(ToAbsl(field.name))) continue;
    by_name_[std::string(field.name)] = fields_.size();
    const FieldSchema* declared = field.schema != nullptr ? field.schema : schema.Find(field.name);
    fields_.push_back({std::string(field.name), declared, declared});
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    AddHeader(fields_[i].name, i);
    if (fields_[i].schema == nullptr) continue;
    AddHeader(fields_[i].schema->Label(Language::kChinese), i);
    AddHeader(fields_[i].schema->Label(Language::kEnglish), i);
    for (const std::string& alias : fields_[i].schema->options->header_alias()) AddHeader(alias, i);
  }
  for (const ExtraField& field : extra) {
    for (std::string_view header : field.headers) {
      AddHeader(header, by_name_.at(ToAbsl(field.name)));
    }
    if (!field.read_by_kind) continue;
    ImportField& own = fields_[by_name_.at(ToAbsl(field.name))];
    own.schema = nullptr;
    if (field.schema != nullptr) own.shown_as = field.schema;
  }
}

void FieldCatalog::AddHeader(std::string_view header, size_t field) {
  by_header_.try_emplace(HeaderKey(header), field);
}

const ImportField* FieldCatalog::Find(std::string_view name) const {
  auto found = by_name_.find(ToAbsl(name));
  return found == by_name_.end() ? nullptr : &fields_[found->second];
}

const ImportField* FieldCatalog::FindByHeader(std::string_view header) const {
  const auto find = [&](std::string_view text) -> const ImportField* {
    auto found = by_header_.find(HeaderKey(text));
    return found == by_header_.end() ? nullptr : &fields_[found->second];
  };
  if (const ImportField* whole = find(header)) return whole;
  const std::string base = SplitBrackets(header).first;
  if (const ImportField* field = find(base)) return field;
  const ImportField* common = nullptr;
  for (const std::string& part : Parts(base)) {
    const ImportField* field = find(part);
    if (field == nullptr || (common != nullptr && common != field)) return nullptr;
    common = field;
  }
  return common;
}

bool FieldCatalog::IsField(std::string_view name) const {
  return Find(name) != nullptr || (has_custom_fields() && !CustomFieldKey(name).empty());
}

absl::Status FieldCatalog::CheckSpec(const v1::ImportSpec& spec) const {
  Error error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
              "the spec names fields that cannot be imported");
  const auto refuse = [&](std::string path) {
    std::move(error).Field(path, "FIELD_UNKNOWN",
                           "use a field of the import kind, custom_fields.<key> or -");
  };
  for (int i = 0; i < spec.mapping_size(); ++i) {
    const std::string& field = spec.mapping(i).field();
    if (field != kIgnore && !IsField(field)) refuse(absl::StrCat("spec.mapping[", i, "].field"));
  }
  for (int i = 0; i < spec.defaults_size(); ++i) {
    if (!IsField(spec.defaults(i).field())) refuse(absl::StrCat("spec.defaults[", i, "].field"));
  }
  if (!error.has_field_violations()) return absl::OkStatus();
  return error;
}

std::string_view CustomFieldKey(std::string_view field) {
  if (!field.starts_with(kCustomFields) || field.size() < kCustomFields.size() + 2) return "";
  if (field[kCustomFields.size()] != '.') return "";
  return field.substr(kCustomFields.size() + 1);
}

int64_t UnitOfHeader(std::string_view header) {
  const std::string unit = SplitBrackets(header).second;
  if (absl::StrContains(unit, "亿")) return 100'000'000;
  if (absl::StrContains(unit, "万")) return 10'000;
  if (absl::StrContains(unit, "千元")) return 1'000;
  return 1;
}

std::string ColumnPlan::Column::field_name() const {
  if (field != nullptr) return field->name;
  return custom_key.empty() ? "" : absl::StrCat(ToAbsl(kCustomFields), ".", custom_key);
}

absl::StatusOr<ColumnPlan> ColumnPlan::Compile(const FieldCatalog& catalog,
                                               absl::Span<const std::string> header,
                                               const v1::ImportSpec& spec,
                                               const CustomFieldOf& custom_field_of) {
  ColumnPlan plan;
  for (size_t i = 0; i < header.size(); ++i) {
    Column& column = plan.columns_.emplace_back();
    column.index = i;
    column.header = std::string(text::Trim(header[i]));
    column.unit = UnitOfHeader(header[i]);
    std::string field;
    if (const v1::ColumnMapping* mapping = MappingOf(spec, header[i])) {
      const bool ignored = mapping->field() == kIgnore;
      column.origin = ignored ? v1::ImportColumn::ORIGIN_IGNORED : v1::ImportColumn::ORIGIN_MAPPED;
      field = ignored ? "" : mapping->field();
    } else if (const ImportField* known = catalog.FindByHeader(column.header)) {
      column.origin = v1::ImportColumn::ORIGIN_RECOGNIZED;
      field = known->name;
    } else if (custom_field_of != nullptr) {
      field = custom_field_of(column.header);
      if (!field.empty()) column.origin = v1::ImportColumn::ORIGIN_RECOGNIZED;
    }
    column.field = catalog.Find(field);
    column.custom_key = std::string(CustomFieldKey(field));
  }
  CRM_RETURN_IF_ERROR(plan.CheckMappedHeaders(spec));
  CRM_RETURN_IF_ERROR(plan.DropRepeated());
  return plan;
}

ColumnPlan ColumnPlan::FromReport(const FieldCatalog& catalog, const v1::ImportReport& report) {
  ColumnPlan plan;
  for (const v1::ImportColumn& reported : report.columns()) {
    Column& column = plan.columns_.emplace_back();
    column.index = plan.columns_.size() - 1;
    column.header = reported.header();
    column.unit = reported.unit();
    column.origin = reported.origin();
    column.field = catalog.Find(reported.field());
    column.custom_key = std::string(CustomFieldKey(reported.field()));
  }
  return plan;
}

absl::Status ColumnPlan::CheckMappedHeaders(const v1::ImportSpec& spec) const {
  for (const v1::ColumnMapping& mapping : spec.mapping()) {
    const bool there = std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
      return column.header == text::Trim(mapping.header());
    });
    if (!there) {
      return Error(absl::StatusCode::kFailedPrecondition, "MAPPED_HEADER_MISSING",
                   "the mapping names a column that the file does not have");
    }
  }
  return absl::OkStatus();
}

// What was said explicitly wins over what was recognised, the first over the second.
absl::Status ColumnPlan::DropRepeated() {
  for (Column& column : columns_) {
    if (!column.imported()) continue;
    const Column* first = Find(column.field_name());
    if (first == &column) continue;
    const bool said = column.origin == v1::ImportColumn::ORIGIN_MAPPED;
    if (said && first->origin == v1::ImportColumn::ORIGIN_MAPPED) {
      return Error(absl::StatusCode::kFailedPrecondition, "COLUMN_REPEATED",
                   "the mapping gives one field two columns");
    }
    Column& loser = said ? columns_[first->index] : column;
    loser.field = nullptr;
    loser.custom_key.clear();
    loser.origin = v1::ImportColumn::ORIGIN_UNMAPPED;
  }
  return absl::OkStatus();
}

const ColumnPlan::Column* ColumnPlan::Find(std::string_view field) const {
  for (const Column& column : columns_) {
    if (column.imported() && column.field_name() == field) return &column;
  }
  return nullptr;
}

bool IsKnownHeader(const FieldCatalog& catalog, const v1::ImportSpec& spec, std::string_view cell) {
  return MappingOf(spec, cell) != nullptr || catalog.FindByHeader(cell) != nullptr;
}

}  // namespace crm::customer::import
