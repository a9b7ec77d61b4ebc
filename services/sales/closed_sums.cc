#include "services/sales/closed_sums.h"

#include <optional>
#include <utility>

#include "services/sales/report_journal.h"

namespace crm::sales {
namespace {

using filter::Fragment;

// From the first to before the last.
struct Months {
  absl::CivilMonth first;
  absl::CivilMonth end;
};

absl::CivilDay EndOf(const ClosedPeriod& period) {
  const bool to_the_end = period.to >= period.today;
  return to_the_end ? absl::CivilDay(absl::CivilMonth(period.to) + 1) : period.to + 1;
}

// Empty if there is none.
Months WholeMonths(const ClosedPeriod& period) {
  absl::CivilMonth first(period.from);
  if (period.from != absl::CivilDay(first)) ++first;
  const absl::CivilMonth end(EndOf(period));
  return {first, first < end ? end : first};
}

void OrDays(absl::CivilDay from, absl::CivilDay end, absl::TimeZone zone, Fragment& days) {
  if (from >= end) return;
  days.Append(days.empty() ? "(close_time >= ?" : " OR close_time >= ?",
              absl::FromCivil(from, zone));
  days.Append(" AND close_time < ?", absl::FromCivil(end, zone));
}

// Those of the period that are in none of the months.
Fragment OtherDays(const ClosedPeriod& period, const Months& months) {
  Fragment days;
  if (months.first == months.end) {
    OrDays(period.from, EndOf(period), period.zone, days);
  } else {
    OrDays(period.from, absl::CivilDay(months.first), period.zone, days);
    OrDays(absl::CivilDay(months.end), EndOf(period), period.zone, days);
  }
  if (!days.empty()) days.Append(")");
  return days;
}

std::optional<SumQuery::Rows> RowsOf(const ClosedQuery& query, const Months& months) {
  const Fragment days = OtherDays(query.period, months);
  if (days.empty()) return std::nullopt;
  Fragment where{"stage_kind IN (?, ?)", {v1::STAGE_KIND_WON, v1::STAGE_KIND_LOST}};
  where.And(days);
  where.And(query.where);
  return SumQuery::Rows{ClosedRows(query.part), std::move(where)};
}

}  // namespace

Fragment SelectClosed(const ClosedQuery& query) {
  const Months months = WholeMonths(query.period);
  Fragment where{
      "part = ? AND close_month >= ? AND close_month < ?",
      {query.part, MonthOf(absl::CivilDay(months.first)), MonthOf(absl::CivilDay(months.end))}};
  where.And(query.where);
  return SelectSums({.table = ClosedSums(),
                     .by = query.by,
                     .about = query.about,
                     .where = std::move(where),
                     .rows = RowsOf(query, months)});
}

}  // namespace crm::sales
