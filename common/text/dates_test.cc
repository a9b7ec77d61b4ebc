#include "common/text/dates.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crm::text {
namespace {

TEST(Dates, LooseForms) {  // CUS-28
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"2024-03-01", "2024-03-01"},
      {"2024-3-1", "2024-03-01"},
      {"24-3-1", "2024-03-01"},
      {"05-3-1", "2005-03-01"},
      {"69-12-31", "2069-12-31"},
      {"70-1-1", "1970-01-01"},
      {"99-12-31", "1999-12-31"},
      {"24/3/1", "2024-03-01"},
      {"2024/3/1", "2024-03-01"},
      {"2024.3.1", "2024-03-01"},
      {"2024年3月1日", "2024-03-01"},
      {"2024年03月01号", "2024-03-01"},
      {"24年3月1日", "2024-03-01"},
      {"20240301", "2024-03-01"},
      {"3/1/2024", "2024-03-01"},
      {"12/31/2024", "2024-12-31"},
      {"２０２４－３－１", "2024-03-01"},
      {"\u30002024-3-1 ", "2024-03-01"},
      {"2024-02-29", "2024-02-29"},
      {"45352", "2024-03-01"},
      {"45352.0", "2024-03-01"},
      {"45352.75", "2024-03-01T18:00:00"},
      {"2024-03-01 14:30", "2024-03-01T14:30:00"},
      {"2024-03-01 14:30:05", "2024-03-01T14:30:05"},
      {"2024-03-01T14:30:05", "2024-03-01T14:30:05"},
      {"2024-03-01  4:30", "2024-03-01T04:30:00"},
      {"2024-03-01 00:00", "2024-03-01T00:00:00"},
      {"2024-03-01 14:30:05.123", "2024-03-01T14:30:05"},
      {"2024/3/1 14：30", "2024-03-01T14:30:00"},
      {"2024年3月1日 14时30分", "2024-03-01T14:30:00"},
      {"2024年3月1日14点30分5秒", "2024-03-01T14:30:05"},
      {"2024年3月1日下午2:30", "2024-03-01T14:30:00"},
      {"3/1/2024 2:30 PM", "2024-03-01T14:30:00"},
      {"3/1/2024 12:30 AM", "2024-03-01T00:30:00"},
  };
  for (const auto& [text, iso] : cases) {
    const Result<LooseDate> date = ParseLooseDate(text);
    ASSERT_TRUE(date.ok()) << text << ": " << date.problem().rule;
    EXPECT_EQ(date->ToIso(), iso) << text;
  }
}

TEST(Dates, Refused) {  // CUS-28
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "DATE_EMPTY"},
      {" \u3000", "DATE_EMPTY"},
      {"2024-02-30", "DATE_CALENDAR"},
      {"2023-02-29", "DATE_CALENDAR"},
      {"2024-13-01", "DATE_CALENDAR"},
      {"2024-00-10", "DATE_CALENDAR"},
      {"2024-01-00", "DATE_CALENDAR"},
      {"13/1/2024", "DATE_CALENDAR"},
      {"20240230", "DATE_CALENDAR"},
      {"0999-01-01", "DATE_CALENDAR"},
      {"3/1/24", "DATE_AMBIGUOUS"},
      {"03/01/24", "DATE_AMBIGUOUS"},
      {"1.3.24", "DATE_AMBIGUOUS"},
      {"3-1-2024", "DATE_AMBIGUOUS"},
      {"1.3.2024", "DATE_AMBIGUOUS"},
      {"4-3-1", "DATE_AMBIGUOUS"},
      {"2024", "DATE_FORMAT"},
      {"2024-03", "DATE_FORMAT"},
      {"2024-03-", "DATE_FORMAT"},
      {"2024-03/01", "DATE_FORMAT"},
      {"2024年3月", "DATE_FORMAT"},
      {"2024-003-01", "DATE_FORMAT"},
      {"-2024-03-01", "DATE_FORMAT"},
      {"2024-03-01x", "DATE_FORMAT"},
      {"240301", "DATE_FORMAT"},
      {"4535", "DATE_FORMAT"},
      {"45352.", "DATE_FORMAT"},
      {"45352.5x", "DATE_FORMAT"},
      {"1e5", "DATE_FORMAT"},
      {"yesterday", "DATE_FORMAT"},
      {"昨天", "DATE_FORMAT"},
      {"\xFF\xFE", "DATE_FORMAT"},
      {"99999999999999999999-1-1", "DATE_FORMAT"},
      {"20240301 1430", "TIME_FORMAT"},
      {"2024-03-01 25:00", "TIME_FORMAT"},
      {"2024-03-01 14:60", "TIME_FORMAT"},
      {"2024-03-01 14:3", "TIME_FORMAT"},
      {"2024-03-01 14", "TIME_FORMAT"},
      {"2024-03-01 13:00 PM", "TIME_FORMAT"},
      {"2024-03-01T14:30:05Z", "TIME_FORMAT"},
      {"2024-03-01T14:30:05+08:00", "TIME_FORMAT"},
  };
  for (const auto& [text, rule] : cases) {
    const Result<LooseDate> date = ParseLooseDate(text);
    ASSERT_FALSE(date.ok()) << text << " → " << date->ToIso();
    EXPECT_EQ(date.problem().rule, rule) << text;
  }
}

TEST(Dates, IsoIsAFixPoint) {
  for (absl::CivilDay day(1899, 12, 1); day < absl::CivilDay(2101, 2, 1); day += 13) {
    const std::string iso = LooseDate{absl::CivilSecond(day), false}.ToIso();
    EXPECT_TRUE(IsIsoDate(iso)) << iso;
    EXPECT_EQ(ParseLooseDate(iso)->ToIso(), iso);
  }
}

TEST(Dates, ExcelSerials) {  // CUS-28
  EXPECT_EQ(FromExcelSerial(1)->ToIso(), "1900-01-01");
  EXPECT_EQ(FromExcelSerial(59)->ToIso(), "1900-02-28");
  EXPECT_EQ(FromExcelSerial(60).problem().rule, "DATE_CALENDAR");
  EXPECT_EQ(FromExcelSerial(61)->ToIso(), "1900-03-01");
  EXPECT_EQ(FromExcelSerial(45352)->ToIso(), "2024-03-01");
  EXPECT_EQ(FromExcelSerial(45352.604166667)->ToIso(), "2024-03-01T14:30:00");
  EXPECT_EQ(FromExcelSerial(45351.9999999)->ToIso(), "2024-03-01");
  EXPECT_EQ(FromExcelSerial(2958465)->ToIso(), "9999-12-31");
  for (const double serial :
       {0.0, 0.5, -1.0, 2958466.0, 1e300, -1e300, std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity()}) {
    EXPECT_FALSE(FromExcelSerial(serial).ok()) << serial;
  }
}

TEST(Dates, StrictIso) {  // CUS-4
  EXPECT_TRUE(IsIsoDate("2024-02-29"));
  for (const std::string_view text :
       {"", "2024-2-29", "2023-02-29", "2024-02-30", "2024/02/29", "2024-02-29 ", "24-02-2900",
        "2024-02-2", "20240-2-29", "2024-1234-", "２０２４"}) {
    EXPECT_FALSE(IsIsoDate(text)) << text;
  }
}

}  // namespace
}  // namespace crm::text
