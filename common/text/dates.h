// Dates as people and spreadsheets write them, made ISO (CUS-28).
//
//   2024-03-01  24-3-1  2024/3/1  2024.3.1  2024年3月1日  20240301  3/1/2024 (month first)  45352
//   each but the serial also with a time: 2024-03-01 14:30[:05], 2024年3月1日 14时30分
//
// Two-digit years: 00–69 are 20xx, 70–99 are 19xx. Refused rather than guessed: 03/01/24 (day,
// month or year first?), 3-1-2024 with any mark but /, 2024-02-30, times with a zone. Pure,
// thread-safe.
#ifndef CRM_COMMON_TEXT_DATES_H_
#define CRM_COMMON_TEXT_DATES_H_

#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "common/text/result.h"

namespace crm::text {

struct LooseDate {
  absl::CivilSecond value;
  bool has_time = false;

  // `2024-03-01`, or `2024-03-01T14:30:05` with a time.
  std::string ToIso() const;
};

// A number of five digits is an Excel serial (1927 to 2173), eight digits are YYYYMMDD.
// Problems: DATE_EMPTY, DATE_FORMAT, DATE_AMBIGUOUS, DATE_CALENDAR, TIME_FORMAT.
Result<LooseDate> ParseLooseDate(std::string_view text);

// A cell that a spreadsheet holds as a number: days since 1899-12-30 of the 1900 system. Serial 60
// is Excel's 29 February 1900, which never was: refused. The fraction is the time of day, to the
// nearest second.
Result<LooseDate> FromExcelSerial(double serial);

// Exactly `YYYY-MM-DD` and on the calendar.
bool IsIsoDate(std::string_view text);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_DATES_H_
