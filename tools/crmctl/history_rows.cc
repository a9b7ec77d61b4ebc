#include "tools/crmctl/history_rows.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/table_writer.h"
#include "common/text/dates.h"
#include "google/protobuf/timestamp.pb.h"
#include "tools/crmctl/console.h"

namespace crm::cli {
namespace {

namespace pb = google::protobuf;
using schema::FieldSchema;
using schema::MessageSchema;

constexpr char kIgnore[] = "-";

const pb::FieldDescriptor* FieldOf(const pb::Message& message, const std::string& name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

// Of a field with a date: any usual form, made ISO. Others, and what is no date, as they are.
std::string WithIsoDate(const FieldSchema* field, std::string_view cell) {
  const bool is_time = field != nullptr && field->kind == schema::FieldKind::kTimestamp;
  const bool is_date =
      field != nullptr && field->options->format() == crm::options::v1::FORMAT_DATE;
  if (!is_time && !is_date) return std::string(cell);
  const auto date = text::ParseLooseDate(cell);
  return date.ok() ? date->ToIso() : std::string(cell);
}

absl::Status AtField(const absl::Status& status, const std::string& field) {
  return Error(absl::StatusCode::kInvalidArgument, "CELL_UNREADABLE", std::string(status.message()))
      .Meta("field", field);
}

}  // namespace

absl::StatusOr<HistoryRows> HistoryRows::Create(const HistoryRowKind& kind,
                                                const std::vector<std::string>& header,
                                                HistoryFileSpec spec, InputRules rules) {
  const pb::Descriptor* message =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(kind.message);
  HistoryRows rows(kind, MessageSchema::Of(message), std::move(spec), rules);
  CRM_RETURN_IF_ERROR(rows.FindColumns(header));
  return rows;
}

absl::Status HistoryRows::FindColumns(const std::vector<std::string>& header) {
  std::set<std::string> mapped;
  for (const auto& [name, field] : spec_.mapping) {
    const auto column = std::find(header.begin(), header.end(), name);
    if (column == header.end()) {
      return UsageError(
          absl::StrCat(ToAbsl(Say(rules_.language, "文件中没有列 ", "the file has no column ")),
                       "\"", name, "\""));
    }
    mapped.insert(name);
    if (field == kIgnore) continue;
    const auto known = FieldNamed(field);
    if (!known.has_value()) return UnknownField(field);
    targets_.push_back({static_cast<size_t>(column - header.begin()), *known});
  }
  for (const auto& [field, value] : spec_.defaults) {
    if (!FieldNamed(field)) return UnknownField(field);
  }
  std::map<std::pair<std::string, std::string>, std::string> values;
  for (const auto& [text, value] : spec_.values) {
    const auto known = FieldNamed(text.first);
    if (!known.has_value()) return UnknownField(text.first);
    values[{*known, text.second}] = value;
  }
  spec_.values = std::move(values);
  for (size_t i = 0; i < header.size(); ++i) {
    if (mapped.contains(header[i])) continue;
    if (const auto known = FieldNamed(header[i])) {
      targets_.push_back({i, *known});
    } else {
      ignored_.push_back(header[i]);
    }
  }
  return absl::OkStatus();
}

std::optional<std::string> HistoryRows::FieldNamed(const std::string& name) const {
  if (IsTime(name) || kind_.paths.contains(name)) return name;
  const auto field = FindField(schema_, name, rules_.language);
  if (field.ok()) return (*field)->name;
  const auto spaced = FindField(schema_, absl::StrReplaceAll(name, {{"_", " "}}), rules_.language);
  if (spaced.ok()) return (*spaced)->name;
  return std::nullopt;
}

absl::Status HistoryRows::UnknownField(const std::string& name) const {
  // With its hint at near ones.
  return FindField(schema_, name, rules_.language).status();
}

bool HistoryRows::IsTime(const std::string& field) const {
  return kind_.times.has_value() && absl::StartsWith(field, kind_.times->prefix);
}

absl::Status HistoryRows::Set(const std::string& field, std::string_view cell,
                              pb::Message& row) const {
  std::string value(cell);
  if (const auto meant = spec_.values.find({field, value}); meant != spec_.values.end()) {
    value = meant->second;
  }
  if (IsTime(field)) return AddTime(field, value, row);
  const auto path = kind_.paths.find(field);
  if (path != kind_.paths.end()) return SetPath(row, path->second, value, rules_);
  return SetPath(row, field, WithIsoDate(schema_.Find(field), value), rules_);
}

absl::Status HistoryRows::AddTime(const std::string& field, const std::string& value,
                                  pb::Message& row) const {
  const TimeColumns& times = *kind_.times;
  pb::Message& element = *row.GetReflection()->AddMessage(&row, FieldOf(row, times.list));
  CRM_RETURN_IF_ERROR(
      SetPath(element, times.key, std::string(absl::StripPrefix(field, times.prefix)), rules_));
  const FieldSchema* time = MessageSchema::Of(element.GetDescriptor()).Find(times.time);
  return SetPath(element, times.time, WithIsoDate(time, value), rules_);
}

void HistoryRows::SortTimes(pb::Message& row) const {
  if (!kind_.times.has_value()) return;
  const pb::FieldDescriptor* list = FieldOf(row, kind_.times->list);
  const pb::Reflection& reflection = *row.GetReflection();
  const auto seconds = [&](int i) {
    const pb::Message& element = reflection.GetRepeatedMessage(row, list, i);
    const pb::Message& time =
        element.GetReflection()->GetMessage(element, FieldOf(element, kind_.times->time));
    return dynamic_cast<const pb::Timestamp&>(time).seconds();
  };
  // They are few: each sinks to its place.
  for (int i = 1; i < reflection.FieldSize(row, list); ++i) {
    for (int j = i; j > 0 && seconds(j) < seconds(j - 1); --j) {
      reflection.SwapElements(&row, list, j, j - 1);
    }
  }
}

absl::Status HistoryRows::Read(const tabular::Row& cells, pb::Message& row) const {
  row.GetReflection()->SetInt64(&row, FieldOf(row, "line"), cells.line());
  std::set<std::string> filled;
  for (const Target& target : targets_) {
    const std::string_view cell = ToStd(
        absl::StripAsciiWhitespace(ToAbsl(tabular::RemoveFormulaGuard(cells[target.column]))));
    if (cell.empty()) continue;
    if (absl::Status set = Set(target.field, cell, row); !set.ok()) {
      return AtField(set, target.field);
    }
    filled.insert(target.field);
  }
  for (const auto& [name, value] : spec_.defaults) {
    const std::string field = *FieldNamed(name);
    if (filled.contains(field)) continue;
    if (absl::Status set = Set(field, value, row); !set.ok()) return AtField(set, name);
  }
  SortTimes(row);
  return absl::OkStatus();
}

}  // namespace crm::cli
