#include "services/ticket/sum_days.h"

namespace crm::ticket {
namespace {

constexpr absl::CivilDay kFirst(1970, 1, 1);

// The first day that begins at `time` or later.
absl::CivilDay BeginsFrom(absl::Time time, absl::TimeZone zone) {
  const absl::CivilDay day = absl::ToCivilDay(time, zone);
  return absl::FromCivil(day, zone) == time ? day : day + 1;
}

}  // namespace

int64_t DayNumber(absl::CivilDay day) { return day - kFirst; }

absl::CivilDay DayOf(int64_t number) { return kFirst + number; }

std::vector<OpenDay> OpenDaysOf(absl::Time since, absl::Time time, absl::TimeZone zone) {
  std::vector<OpenDay> days;
  const absl::CivilDay end = BeginsFrom(time, zone);  // excluded
  for (absl::CivilDay day = BeginsFrom(since, zone); day < end;) {
    const absl::CivilDay next_month(absl::CivilMonth(day) + 1);
    if (day == absl::CivilDay(absl::CivilMonth(day)) && next_month <= end) {
      days.push_back({SumSeries::kOpenMonth, day});
      day = next_month;
    } else {
      days.push_back({SumSeries::kOpenDay, day});
      ++day;
    }
  }
  return days;
}

std::vector<SumRange> RangesOf(absl::CivilDay first, absl::CivilDay last) {
  const absl::CivilMonth begin = absl::CivilMonth(first - 1) + 1;
  const absl::CivilMonth end(last + 1);  // excluded
  if (begin >= end) return {{SumSeries::kHappened, first, last}};
  std::vector<SumRange> ranges = {
      {SumSeries::kHappenedMonth, absl::CivilDay(begin), absl::CivilDay(end - 1)}};
  if (first < absl::CivilDay(begin)) {
    ranges.push_back({SumSeries::kHappened, first, absl::CivilDay(begin) - 1});
  }
  if (last >= absl::CivilDay(end)) {
    ranges.push_back({SumSeries::kHappened, absl::CivilDay(end), last});
  }
  return ranges;
}

void Spread(const Happening& happening, absl::TimeZone zone, std::map<SumRow, PackedCounts>& rows) {
  const absl::CivilDay day = absl::ToCivilDay(happening.time, zone);
  const absl::CivilDay month{absl::CivilMonth(day)};
  rows[{SumSeries::kHappened, day, happening.holder}].Add(happening.tally);
  rows[{SumSeries::kHappenedMonth, month, happening.holder}].Add(happening.tally);
  if (!happening.since.has_value()) return;
  const Tally open = OpenTally(happening.created, happening.tally.of, happening.tally.count);
  for (const OpenDay& row : OpenDaysOf(*happening.since, happening.time, zone)) {
    rows[{row.series, row.day, happening.holder}].Add(open);
  }
}

}  // namespace crm::ticket
