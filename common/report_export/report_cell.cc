#include "common/report_export/report_cell.h"

#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/report_export/report_units.h"
#include "common/schema/value_text.h"
#include "google/protobuf/duration.pb.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;
using schema::FieldSchema;
using schema::Language;

// Digits after the point: a share shows hundredths of a percent.
constexpr int kDigits = 4;
constexpr int kPercentDigits = kDigits - 2;
// Of what is there, but not for the caller.
constexpr char kHidden[] = "***";

std::string Number(double value, int digits) {
  if (!std::isfinite(value)) return "";
  std::string text = absl::StrFormat("%.*f", digits, value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string ShareText(double value, CellForm form) {
  if (form == CellForm::kTyped) return Number(value, kDigits);
  return std::isfinite(value) ? absl::StrCat(Number(value * 100, kPercentDigits), "%") : "";
}

std::string DurationText(const pb::Duration& duration) {
  return Number(static_cast<double>(duration.seconds()) + duration.nanos() / 1e9, kDigits);
}

bool LooksLikeEnumName(const std::string& text) {
  if (text.empty() || !absl::ascii_isupper(static_cast<unsigned char>(text.front()))) return false;
  for (const char c : text) {
    const auto letter = static_cast<unsigned char>(c);
    if (!absl::ascii_isupper(letter) && !absl::ascii_isdigit(letter) && c != '_') return false;
  }
  return text.find('_') != std::string::npos;
}

// A group of a report can be the name of an enum value, of the field's package or of one that its
// file imports.
std::string NameText(const std::string& text, const pb::FieldDescriptor& field, Language language) {
  if (!LooksLikeEnumName(text)) return text;
  const pb::FileDescriptor& file = *field.file();
  std::vector<const pb::FileDescriptor*> files = {&file};
  for (int i = 0; i < file.dependency_count(); ++i) files.push_back(file.dependency(i));
  for (const pb::FileDescriptor* each : files) {
    const auto* value = file.pool()->FindEnumValueByName(absl::StrCat(each->package(), ".", text));
    if (value == nullptr) continue;
    return value->number() == 0 ? "" : schema::EnumLabel(*value, language);
  }
  return text;
}

schema::ValueTextRules TextRules(const CellRules& rules) {
  const CellForm form = rules.form;
  const Language language = rules.language;
  return {.language = language,
          .zone = rules.zone,
          .time_format = form == CellForm::kTyped ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%dT%H:%M:%S%Ez",
          .separator = language == Language::kChinese ? "、" : "; ",
          .text =
              [language](const std::string& text, const FieldSchema& field) {
                return NameText(text, *field.descriptor, language);
              },
          .number =
              [form](double value, const FieldSchema& field) {
                return IsShare(field) ? ShareText(value, form) : Number(value, kDigits);
              },
          .message =
              [](const pb::Message& message, const FieldSchema& field) {
                return IsDuration(field) ? DurationText(static_cast<const pb::Duration&>(message))
                                         : schema::JsonText(message);
              }};
}

// The message that holds the column's field; null if it is absent.
const pb::Message* HolderOf(const pb::Message& element, const FieldPath& path) {
  const pb::Message* holder = &element;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const pb::Reflection& reflection = *holder->GetReflection();
    if (!reflection.HasField(*holder, path[i]->descriptor)) return nullptr;
    holder = &reflection.GetMessage(*holder, path[i]->descriptor);
  }
  return holder;
}

bool IsHidden(const FieldSchema& field, uint32_t plain_kinds) {
  const auto kind = field.options->sensitivity();
  return kind == options::v1::SENSITIVITY_HIDDEN && (plain_kinds & (1U << kind)) == 0;
}

}  // namespace

CellWriter::CellWriter(const CellRules& rules)
    : rules_(rules),
      text_rules_(TextRules(rules)),
      unknown_(rules.language == Language::kChinese ? "未知" : "unknown") {}

std::string CellWriter::Text(const pb::Message& element, const ColumnLayout& column) const {
  const pb::Message* const holder = HolderOf(element, column.path);
  return holder == nullptr ? "" : schema::ValueText(*holder, column.field(), text_rules_);
}

std::string CellWriter::CellOf(const pb::Message& element, const ColumnLayout& column) const {
  std::string text = Text(element, column);
  const bool is_figure = schema::MessageSchema::Of(element.GetDescriptor()).resource() == nullptr;
  if (!text.empty() || is_figure) return text;
  return IsHidden(column.field(), rules_.plain_kinds) ? kHidden : unknown_;
}

}  // namespace crm::report_export
