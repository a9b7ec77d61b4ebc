// What the figures of a report are: how they are shown, and in which unit.
#ifndef CRM_COMMON_REPORT_EXPORT_REPORT_UNITS_H_
#define CRM_COMMON_REPORT_EXPORT_REPORT_UNITS_H_

#include <string>
#include <string_view>

#include "common/schema/language.h"
#include "common/schema/message_schema.h"
#include "common/tabular/table_writer.h"

namespace crm::report_export {

// A part of 1 that is shown as a percentage.
bool IsShare(const schema::FieldSchema& field);
bool IsDuration(const schema::FieldSchema& field);

// For the header: `小时`, `CNY`; the zone for times. Empty if there is none, and for percentages.
std::string UnitText(const schema::FieldSchema& field, schema::Language language,
                     std::string_view zone);

// What its cells become in a workbook.
tabular::XlsxWriterOptions::Column ColumnKind(const schema::FieldSchema& field);

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_REPORT_UNITS_H_
