// Which rows of `ticket_sum` something that happened is in. Pure.
#ifndef CRM_SERVICES_TICKET_SUM_DAYS_H_
#define CRM_SERVICES_TICKET_SUM_DAYS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/ticket/packed_counts.h"
#include "services/ticket/tally.h"

namespace crm::ticket {

// As stored.
enum class SumSeries : uint8_t {
  kHappened = 1,       // on the day
  kOpenDay = 2,        // open when the day began
  kOpenMonth = 3,      // open when each day of the month began, which begins with the day
  kHappenedMonth = 4,  // in the month that begins with the day
};

struct SumRow {
  SumSeries series = SumSeries::kHappened;
  absl::CivilDay day;
  Holder holder = {};

  auto operator<=>(const SumRow& other) const {
    if (series != other.series) return series <=> other.series;
    if (day != other.day)
      return day < other.day ? std::strong_ordering::less : std::strong_ordering::greater;
    return holder <=> other.holder;
  }
  bool operator==(const SumRow&) const = default;
};

int64_t DayNumber(absl::CivilDay day);
absl::CivilDay DayOf(int64_t number);

// The series and day of each row that has a ticket which was open from `since` until `time`: whole
// months, and the days before and after them. It is open when a day begins if it was opened by then
// and done later.
struct OpenDay {
  SumSeries series = SumSeries::kOpenDay;
  absl::CivilDay day;

  bool operator==(const OpenDay&) const = default;
};
std::vector<OpenDay> OpenDaysOf(absl::Time since, absl::Time time, absl::TimeZone zone);

// The rows that have together what happened from the first to the last day: of whole months, and of
// the days before and after them.
struct SumRange {
  SumSeries series = SumSeries::kHappened;
  absl::CivilDay first;
  absl::CivilDay last;

  bool operator==(const SumRange&) const = default;
};
std::vector<SumRange> RangesOf(absl::CivilDay first, absl::CivilDay last);

// Adds it to all rows that have it.
void Spread(const Happening& happening, absl::TimeZone zone, std::map<SumRow, PackedCounts>& rows);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_SUM_DAYS_H_
