#include "common/event/event_log.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/db/query.h"
#include "common/error/error.h"
#include "common/event/sequencer.h"

namespace crm::event {
namespace {

constexpr db::Query kNextPosition{"next_event_position", R"sql(
  SELECT value
  FROM lease
  WHERE name = ?)sql"};

constexpr db::Query kOldestRow{"oldest_event_row", R"sql(
  SELECT position
  FROM outbox
  WHERE position IS NOT NULL
  ORDER BY position
  LIMIT 1)sql"};

constexpr db::Query kRowAtOrBefore{"event_row_at_or_before", R"sql(
  SELECT position, event_count
  FROM outbox
  WHERE position <= ?
  ORDER BY position DESC
  LIMIT 1)sql"};

constexpr db::Query kRowsFrom{"event_rows_from", R"sql(
  SELECT id, position, event_count, payload
  FROM outbox
  WHERE position >= ?
  ORDER BY position
  LIMIT ?)sql"};

absl::Status Expired() {
  return Error(absl::StatusCode::kOutOfRange, "EVENTS_EXPIRED",
               "the events after this position are no longer kept; rebuild from the list methods");
}

}  // namespace

absl::StatusOr<int64_t> NewestPosition(db::Connection& connection) {
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select(kNextPosition, {kSequencerLease}));
  if (!rows.Next()) return 0;
  return rows.Int(0) - 1;
}

absl::StatusOr<int64_t> FirstRowAfter(db::Connection& connection, int64_t after_position,
                                      int64_t newest_position) {
  const int64_t wanted = after_position + 1;
  if (wanted > newest_position) return wanted;
  if (after_position == 0) {
    CRM_ASSIGN_OR_RETURN(db::Rows oldest, connection.Select(kOldestRow, {}));
    return oldest.Next() ? oldest.Int(0) : newest_position + 1;
  }
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection.Select(kRowAtOrBefore, {wanted}));
  if (!rows.Next()) return Expired();
  const int64_t begin = rows.Int(0);
  if (wanted >= begin + rows.Int(1)) return Expired();  // rows follow each other without a gap
  return begin;
}

absl::StatusOr<std::vector<LoggedRow>> RowsFrom(db::Connection& connection, int64_t position,
                                                int64_t newest_position, int limit) {
  std::vector<LoggedRow> rows;
  if (position > newest_position) return rows;
  CRM_ASSIGN_OR_RETURN(db::Rows result, connection.Select(kRowsFrom, {position, limit}));
  rows.reserve(result.size());
  while (result.Next()) {
    rows.push_back({result.Int(0), result.Int(1), result.Int(2), result.String(3)});
  }
  // The newest position was there, so what is missing has been purged.
  if (rows.empty() || rows.front().position != position) return Expired();
  return rows;
}

}  // namespace crm::event
