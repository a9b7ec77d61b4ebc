#include "common/report_export/report_units.h"

namespace crm::report_export {
namespace {

using schema::FieldKind;
using schema::FieldSchema;
using schema::Language;
using Column = tabular::XlsxWriterOptions::Column;

struct Unit {
  std::string_view unit;
  std::string_view zh;
  std::string_view en;
};

constexpr Unit kUnits[] = {
    {"s", "秒", "seconds"}, {"min", "分钟", "minutes"}, {"h", "小时", "hours"},
    {"days", "天", "days"}, {"share", "", ""},
};

std::string Pick(const Unit& unit, Language language) {
  return std::string(language == Language::kChinese ? unit.zh : unit.en);
}

}  // namespace

bool IsShare(const FieldSchema& field) {
  return field.kind == FieldKind::kDouble && field.options->unit() == "share";
}

bool IsDuration(const FieldSchema& field) {
  return field.kind == FieldKind::kOpaque &&
         field.descriptor->message_type()->full_name() == "google.protobuf.Duration";
}

std::string UnitText(const FieldSchema& field, Language language, std::string_view zone) {
  if (field.kind == FieldKind::kTimestamp) return std::string(zone);
  const std::string unit = IsDuration(field) ? "s" : field.options->unit();
  for (const Unit& each : kUnits) {
    if (each.unit == unit) return Pick(each, language);
  }
  return unit;
}

Column ColumnKind(const FieldSchema& field) {
  if (field.repeated) return Column::kText;
  if (IsShare(field)) return Column::kShare;
  if (IsDuration(field)) return Column::kNumber;
  switch (field.kind) {
    case FieldKind::kInteger:
    case FieldKind::kDouble:
      return Column::kNumber;
    case FieldKind::kTimestamp:
      return Column::kTime;
    case FieldKind::kString:
      if (field.options->format() == options::v1::FORMAT_DECIMAL) return Column::kMoney;
      return field.options->format() == options::v1::FORMAT_DATE ? Column::kDate : Column::kText;
    default:
      return Column::kText;
  }
}

}  // namespace crm::report_export
