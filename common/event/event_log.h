// Reads sequenced rows of the outbox, in order of position. Holds no state and no transaction.
// Errors: those of the database, and OUT_OF_RANGE EVENTS_EXPIRED.
#ifndef CRM_COMMON_EVENT_EVENT_LOG_H_
#define CRM_COMMON_EVENT_EVENT_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"

namespace crm::event {

struct LoggedRow {
  int64_t id = 0;
  int64_t position = 0;  // of the first event
  int64_t event_count = 0;
  std::string payload;  // crm.event.v1.EventBatch
};

// Position of the newest event that has one; 0 if none ever had.
absl::StatusOr<int64_t> NewestPosition(db::Connection& connection);

// Where the row begins that holds the first event after `after_position`; that event's own position
// if it does not exist yet, which costs nothing. 0 = the oldest kept.
absl::StatusOr<int64_t> FirstRowAfter(db::Connection& connection, int64_t after_position,
                                      int64_t newest_position);

// Up to `limit` rows, the first one at exactly `position`, where a row begins. Empty at the end.
absl::StatusOr<std::vector<LoggedRow>> RowsFrom(db::Connection& connection, int64_t position,
                                                int64_t newest_position, int limit);

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_EVENT_LOG_H_
