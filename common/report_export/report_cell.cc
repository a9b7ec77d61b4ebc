#include "common/report_export/report_cell.h"

#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/absl_view.h"
#include "common/report_export/report_units.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"

namespace crm::report_export {
namespace {

namespace pb = google::protobuf;
using schema::FieldKind;
using schema::FieldSchema;
using schema::Language;

// Digits after the point: a share shows hundredths of a percent.
constexpr int kDigits = 4;
constexpr int kPercentDigits = kDigits - 2;

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

std::string TimeText(const pb::Timestamp& timestamp, const CellRules& rules) {
  const absl::Time time =
      absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  return absl::FormatTime(
      rules.form == CellForm::kTyped ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%dT%H:%M:%S%Ez", time,
      rules.zone);
}

std::string DurationText(const pb::Duration& duration) {
  return Number(static_cast<double>(duration.seconds()) + duration.nanos() / 1e9, kDigits);
}

std::string BoolText(bool value, Language language) {
  if (language == Language::kChinese) return value ? "是" : "否";
  return value ? "yes" : "no";
}

std::string EnumText(const pb::EnumValueDescriptor& value, Language language) {
  return value.number() == 0 ? "" : schema::EnumLabel(value, language);
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
    if (value != nullptr) return EnumText(*value, language);
  }
  return text;
}

std::string JsonText(const pb::Message& message) {
  std::string json;
  return pb::util::MessageToJsonString(message, &json).ok() ? json : "";
}

std::string MessageText(const pb::Message& message, const FieldSchema& field,
                        const CellRules& rules) {
  if (field.kind == FieldKind::kTimestamp) {
    return TimeText(static_cast<const pb::Timestamp&>(message), rules);
  }
  if (IsDuration(field)) return DurationText(static_cast<const pb::Duration&>(message));
  return JsonText(message);
}

std::string DoubleText(double value, const FieldSchema& field, CellForm form) {
  return IsShare(field) ? ShareText(value, form) : Number(value, kDigits);
}

std::string SingleText(const pb::Message& message, const FieldSchema& field,
                       const CellRules& rules) {
  const pb::FieldDescriptor* f = field.descriptor;
  const pb::Reflection& reflection = *message.GetReflection();
  const bool counts_as_absent = f->has_presence() && !reflection.HasField(message, f);
  if (counts_as_absent) return "";
  switch (f->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return NameText(reflection.GetString(message, f), *f, rules.language);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return BoolText(reflection.GetBool(message, f), rules.language);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*reflection.GetEnum(message, f), rules.language);
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, f));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, f));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, f));
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, f));
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return DoubleText(reflection.GetDouble(message, f), field, rules.form);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return DoubleText(static_cast<double>(reflection.GetFloat(message, f)), field, rules.form);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(reflection.GetMessage(message, f), field, rules);
  }
  return "";
}

std::string ElementText(const pb::Message& message, const FieldSchema& field, int i,
                        const CellRules& rules) {
  const pb::FieldDescriptor* f = field.descriptor;
  const pb::Reflection& reflection = *message.GetReflection();
  switch (f->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return NameText(reflection.GetRepeatedString(message, f, i), *f, rules.language);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*reflection.GetRepeatedEnum(message, f, i), rules.language);
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetRepeatedInt32(message, f, i));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetRepeatedInt64(message, f, i));
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return DoubleText(reflection.GetRepeatedDouble(message, f, i), field, rules.form);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(reflection.GetRepeatedMessage(message, f, i), field, rules);
    default:
      return "";
  }
}

// Several values share a cell.
std::string RepeatedText(const pb::Message& message, const FieldSchema& field,
                         const CellRules& rules) {
  std::vector<std::string> texts;
  const int size = message.GetReflection()->FieldSize(message, field.descriptor);
  for (int i = 0; i < size; ++i) texts.push_back(ElementText(message, field, i, rules));
  return absl::StrJoin(texts, rules.language == Language::kChinese ? "、" : "; ");
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

}  // namespace

std::string CellText(const pb::Message& element, const ColumnLayout& column,
                     const CellRules& rules) {
  const pb::Message* holder = HolderOf(element, column.path);
  if (holder == nullptr) return "";
  return column.field().repeated ? RepeatedText(*holder, column.field(), rules)
                                 : SingleText(*holder, column.field(), rules);
}

}  // namespace crm::report_export
