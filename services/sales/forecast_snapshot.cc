#include "services/sales/forecast_snapshot.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace crm::sales {
namespace {

constexpr absl::Duration kTimeout = absl::Minutes(2);
constexpr absl::Duration kTerm = absl::Minutes(5);

constexpr db::Query kLastDay{"forecast_last_day", R"sql(
  SELECT COALESCE(MAX(day), 0)
  FROM forecast_day
  WHERE day <= ?)sql"};

// What differs from the last snapshot. Cells are never deleted, so one that became empty differs,
// too.
constexpr db::Query kChangedCells{"forecast_changed_cells", R"sql(
  SELECT cell.breadth, cell.close_month, cell.owner, cell.team, cell.open_count, cell.expected,
         cell.expected_weighted, cell.committed, cell.won_count, cell.closed
  FROM forecast_cell AS cell
  LEFT JOIN forecast_snapshot AS last
    ON last.breadth = cell.breadth AND last.close_month = cell.close_month
    AND last.owner = cell.owner AND last.team = cell.team
    AND last.day = (
      SELECT MAX(newer.day)
      FROM forecast_snapshot AS newer
      WHERE newer.breadth = cell.breadth AND newer.close_month = cell.close_month
        AND newer.owner = cell.owner AND newer.team = cell.team)
  WHERE last.day IS NULL
    OR last.open_count <> cell.open_count OR last.expected <> cell.expected
    OR last.expected_weighted <> cell.expected_weighted OR last.committed <> cell.committed
    OR last.won_count <> cell.won_count OR last.closed <> cell.closed)sql"};

const db::InsertSpec& SnapshotSpec() {
  static const db::InsertSpec& spec =
      *new db::InsertSpec{"forecast_snapshot",
                          {"breadth", "close_month", "owner", "team", "day", "open_count",
                           "expected", "expected_weighted", "committed", "won_count", "closed"},
                          ""};
  return spec;
}

// The day's row makes the snapshot whole: of two replicas the second fails.
const db::InsertSpec& DaySpec() {
  static const db::InsertSpec& spec = *new db::InsertSpec{"forecast_day", {"day", "take_time"}, ""};
  return spec;
}

absl::StatusOr<db::WriteSet> ReadChanges(db::Connection& db, int day) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kChangedCells, {}));
  db::WriteSet writes;
  while (rows.Next()) {
    writes.Insert(SnapshotSpec(),
                  {rows.Int(0), rows.Int(1), rows.String(2), rows.String(3), day, rows.Int(4),
                   rows.String(5), rows.String(6), rows.String(7), rows.Int(8), rows.String(9)});
  }
  return writes;
}

}  // namespace

int DayNumber(absl::CivilDay day) {
  return static_cast<int>(day.year()) * 10'000 + day.month() * 100 + day.day();
}

absl::CivilDay DayOfNumber(int number) {
  return absl::CivilDay(number / 10'000, number / 100 % 100, number % 100);
}

absl::StatusOr<int> LastSnapshot(db::Connection& db, int day) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select(kLastDay, {day}));
  return rows.Next() ? static_cast<int>(rows.Int(0)) : 0;
}

absl::Status ForecastSnapshot::Take(absl::CivilDay day) {
  const absl::Time deadline = absl::Now() + kTimeout;
  const int number = DayNumber(day);
  CRM_RETURN_IF_ERROR(posting_.PostAll());
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease db, runtime_.pool().Acquire(deadline));
  CRM_ASSIGN_OR_RETURN(const int last, LastSnapshot(*db, number));
  if (last == number) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(db::WriteSet writes, ReadChanges(*db, number));
  writes.Insert(DaySpec(), {number, runtime_.clock().Now()});
  const absl::Status status = runtime_.committer().Commit(std::move(writes), deadline);
  // Another replica was faster.
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::CivilDay ForecastSnapshot::Today() const {
  return absl::ToCivilDay(runtime_.clock().Now(), runtime_.zone());
}

job::JobBody ForecastSnapshot::Job() {
  return job::OncePerMark(
      runtime_.pool(), runtime_.clock(),
      {.lease = {.name = "forecast-snapshot", .holder = runtime_.holder(), .term = kTerm}},
      [this] { return DayNumber(Today()); },
      [this](const job::Marks& marks, const std::stop_token&) -> absl::StatusOr<job::Progress> {
        CRM_RETURN_IF_ERROR(Take(DayOfNumber(static_cast<int>(marks.wanted))));
        return job::Progress::kDone;
      });
}

job::JobOptions ForecastSnapshot::JobOptions() {
  // Also what it may be late.
  return {.name = "forecast-snapshot", .interval = absl::Minutes(1)};
}

}  // namespace crm::sales
