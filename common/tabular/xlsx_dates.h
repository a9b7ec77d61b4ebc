// Excel's dates: which number formats show a date, and what a serial number stands for.
#ifndef CRM_COMMON_TABULAR_XLSX_DATES_H_
#define CRM_COMMON_TABULAR_XLSX_DATES_H_

#include <optional>
#include <string>
#include <string_view>

namespace crm::tabular {

enum class NumberKind { kPlain, kDate, kDateTime };

// Of the formats that every workbook has, by number; those of Chinese Excel (27–36, 50–58) too.
NumberKind BuiltInNumberKind(int format_id);

// Of a format code such as `yyyy"年"m"月"d"日"`. Durations (`[h]:mm`) are plain numbers.
NumberKind NumberKindOf(std::string_view format_code);

// Where day 1 is: 1900-01-01, with Excel's 1900-02-29 that never was, or 1904-01-02.
enum class DateSystem { k1900, k1904 };

// `YYYY-MM-DD`, with ` HH:MM:SS` if the serial has a fraction or the kind shows a time; `HH:MM:SS`
// for a time without a day. None if no date has this serial.
std::optional<std::string> SerialToText(double serial, DateSystem system, NumberKind kind);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_XLSX_DATES_H_
