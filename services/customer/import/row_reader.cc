#include "services/customer/import/row_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/text/unicode.h"
#include "services/customer/import/message_fields.h"

namespace crm::customer::import {

namespace pb = google::protobuf;
using schema::Breach;
using schema::FieldSchema;
using Outcome = CellCleaner::Outcome;

namespace {

constexpr int32_t kRequiredWeight = 2;
// A row with more broken rules than this is wrong as a whole.
constexpr size_t kMaxIssuesOfRow = 20;

// The message that a field belongs to; null if the row has none.
pb::Message* OwnerOf(const FieldSchema& field, MessageRow& row) {
  for (pb::Message* message : row.messages()) {
    if (message->GetDescriptor() == field.descriptor->containing_type()) return message;
  }
  return nullptr;
}

bool HasDefault(const v1::ImportSpec& spec, std::string_view field) {
  return std::any_of(spec.defaults().begin(), spec.defaults().end(),
                     [&](const auto& value) { return value.field() == field; });
}

Error ColumnMissing(std::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, "COLUMN_MISSING", message);
}

}  // namespace

bool MessageRow::Sets(std::string_view field) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const ImportField* each) { return each->name == field; });
}

bool MessageRow::Has(std::string_view field) const {
  return Sets(field) || std::any_of(defaulted.begin(), defaulted.end(),
                                    [&](const ImportField* each) { return each->name == field; });
}

RowReader::RowReader(RowShape shape, const ImportContext& context, const ColumnPlan& plan,
                     const Archive& archive)
    : shape_(std::move(shape)),
      plan_(plan),
      accept_incomplete_(context.spec.missing() == v1::MISSING_POLICY_ACCEPT_INCOMPLETE),
      cleaner_(archive.lists, archive.staff, context.now, archive.zone) {
  for (const ColumnPlan::Column& column : plan.columns()) {
    if (column.field == nullptr) continue;
    const int32_t weight = IsRequired(column.field->name) ? kRequiredWeight : 1;
    steps_.push_back({&column, column.field, weight});
    row_weight_ += weight;
  }
  for (const v1::FieldDefault& value : context.spec.defaults()) {
    const ImportField* field = shape_.catalog->Find(value.field());
    if (field != nullptr) defaults_.push_back({field, value.value()});
  }
}

bool RowReader::IsRequired(std::string_view field) const {
  return std::find(shape_.required.begin(), shape_.required.end(), field) != shape_.required.end();
}

void RowReader::Read(const tabular::Row& row, MessageRow& parsed, ParseCounts& counts,
                     OwnCell own) {
  parsed.line = row.line();
  parsed.raw.Assign(row);
  Breach breach;
  for (const Step& step : steps_) {
    const Outcome outcome = ReadCell(*step.field, step.column->unit, row[step.column->index],
                                     parsed, counts.cleanings, own, breach);
    if (outcome == Outcome::kMissing) continue;
    ++counts.filled[step.column->index];
    parsed.weight_before += step.weight;
    if (outcome == Outcome::kSet) {
      parsed.fields.push_back(step.field);
    } else {
      Refuse(parsed, step.field->name, breach);
    }
  }
  CheckLength(row, parsed);
  ReadDefaults(parsed, counts, own);
  CheckRequired(parsed);
}

Outcome RowReader::ReadCell(const ImportField& field, int64_t unit, std::string_view cell,
                            MessageRow& parsed, CleaningCounts& counts, OwnCell own,
                            Breach& breach) {
  if (field.schema != nullptr) {
    pb::Message* message = OwnerOf(*field.schema, parsed);
    return message == nullptr ? Outcome::kMissing
                              : cleaner_.Clean(*field.schema, unit, cell, *message, counts, breach);
  }
  const std::string_view text = cleaner_.CleanText(cell, /*keep_lines=*/false, counts);
  if (!CellCleaner::IsMissingWord(text)) return own(field.name, text, counts, breach);
  if (!text.empty()) counts.Count(Cleaning::kMissing);
  return Outcome::kMissing;
}

void RowReader::ReadDefaults(MessageRow& parsed, ParseCounts& counts, OwnCell own) {
  CleaningCounts ignored;
  Breach breach;
  for (const Default& value : defaults_) {
    if (parsed.Sets(value.field->name)) continue;
    if (ReadCell(*value.field, 1, value.value, parsed, ignored, own, breach) != Outcome::kSet) {
      continue;
    }
    counts.cleanings.Count(Cleaning::kDefault);
    parsed.defaulted.push_back(value.field);
  }
}

void RowReader::CheckRequired(MessageRow& parsed) const {
  for (std::string_view name : shape_.required) {
    const bool told = std::any_of(parsed.issues.begin(), parsed.issues.end(),
                                  [&](const auto& issue) { return issue.field() == name; });
    if (told || parsed.Has(name)) continue;
    Refuse(parsed, name, {"REQUIRED", "fill this in", "请填写"});
  }
}

void RowReader::CheckLength(const tabular::Row& row, MessageRow& parsed) const {
  for (size_t i = plan_.columns().size(); i < row.size(); ++i) {
    if (text::Trim(row[i]).empty()) continue;
    parsed.rejected = true;
    return Refuse(parsed, "",
                  {"ROW_TOO_LONG",
                   "the row has more cells than the header; quote cells that contain the delimiter",
                   "该行的单元格多于表头，请为含有分隔符的单元格加引号"});
  }
}

void RowReader::Refuse(MessageRow& parsed, std::string_view name, const Breach& breach) const {
  const ImportField* field = shape_.catalog->Find(name);
  const ColumnPlan::Column* column = name.empty() ? nullptr : plan_.Find(name);
  if (!accept_incomplete_ || field == nullptr || IsRequired(name)) {
    parsed.rejected = true;
  } else {
    parsed.fields.erase(std::remove(parsed.fields.begin(), parsed.fields.end(), field),
                        parsed.fields.end());
    pb::Message* message = field->shown_as == nullptr ? nullptr : OwnerOf(*field->shown_as, parsed);
    if (message != nullptr) {
      message->GetReflection()->ClearField(message, field->shown_as->descriptor);
    }
  }
  if (parsed.issues.size() >= kMaxIssuesOfRow) return;
  parsed.issues.push_back(MakeIssue(parsed.line, column, name,
                                    field == nullptr ? nullptr : field->shown_as,
                                    column == nullptr ? "" : parsed.raw[column->index], breach));
}

void RowReader::Finish(MessageRow& parsed) const {
  for (const Step& step : steps_) {
    if (parsed.Sets(step.field->name)) parsed.weight_after += step.weight;
  }
}

absl::Status CheckSpecOf(const FieldCatalog& catalog, const Archive& archive,
                         const v1::ImportSpec& spec) {
  CRM_RETURN_IF_ERROR(catalog.CheckSpec(spec));
  CellCleaner cleaner(archive.lists, archive.staff, archive.clock.Now(), archive.zone);
  for (int i = 0; i < spec.defaults_size(); ++i) {
    const ImportField* field = catalog.Find(spec.defaults(i).field());
    if (field == nullptr || field->schema == nullptr) continue;
    const std::unique_ptr<pb::Message> message(
        pb::MessageFactory::generated_factory()
            ->GetPrototype(field->schema->descriptor->containing_type())
            ->New());
    CleaningCounts counts;
    Breach breach;
    if (cleaner.Clean(*field->schema, 1, spec.defaults(i).value(), *message, counts, breach) ==
        Outcome::kBroken) {
      return InvalidField(absl::StrCat("spec.defaults[", i, "].value"), breach.rule,
                          breach.mend_en);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckColumns(const RowShape& shape, const ColumnPlan& plan,
                          const v1::ImportSpec& spec) {
  const auto has = [&](std::string_view field) {
    return plan.Find(field) != nullptr || HasDefault(spec, field);
  };
  for (std::string_view field : shape.required) {
    if (has(field)) continue;
    return ColumnMissing(
        absl::StrCat("no column is ", ToAbsl(field), ", which every row must have; map one to it"));
  }
  if (shape.joins.empty() || std::any_of(shape.joins.begin(), shape.joins.end(), has)) {
    return absl::OkStatus();
  }
  return ColumnMissing(absl::StrCat(
      "no column says whose the rows are; map one to one of ",
      absl::StrJoin(shape.joins, ", ", [](std::string* out, auto name) { out->append(name); })));
}

}  // namespace crm::customer::import
