#include "common/event/follower.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/job/database_wait.h"

namespace crm::event {
namespace {

using crm::event::v1::Event;

constexpr int kFirstReadRows = 32;
constexpr int kMinReadRows = 4;
constexpr int kMaxReadRows = 500;
constexpr int64_t kReadBytes = 2 << 20;  // what one read should bring

// Rows for the next read, from what the last one brought.
int ReadRowsAfter(const std::vector<LoggedRow>& rows) {
  int64_t bytes = 1;
  for (const LoggedRow& row : rows) bytes += static_cast<int64_t>(row.payload.size());
  const int64_t fitting = kReadBytes * static_cast<int64_t>(rows.size()) / bytes;
  return static_cast<int>(std::clamp<int64_t>(fitting, kMinReadRows, kMaxReadRows));
}

}  // namespace

absl::Status Follower::Run(db::Pool& pool, const PositionSignal& signal) {
  CRM_RETURN_IF_ERROR(Begin(pool));
  if (AtEnd()) return Take({});
  while (!consumer_.Ended()) {
    CRM_ASSIGN_OR_RETURN(const std::vector<LoggedRow> rows, Read(pool));
    CRM_RETURN_IF_ERROR(Take(rows));
    if (AtEnd()) return absl::OkStatus();
    if (next_row_ <= newest_) continue;
    if (rows.empty()) {
      CRM_RETURN_IF_ERROR(CheckAhead());
    } else {
      Gather(signal);
    }
    signal.WaitBeyond(std::max(newest_, next_row_ - 1), options_.poll);
  }
  return absl::OkStatus();
}

absl::Status Follower::Begin(db::Pool& pool) {
  read_rows_ = kFirstReadRows;
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(end_, NewestPosition(*connection));
  newest_ = end_;
  CRM_ASSIGN_OR_RETURN(next_row_, FirstRowAfter(*connection, after_, end_));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LoggedRow>> Follower::Read(db::Pool& pool) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(newest_, NewestPosition(*connection));
  return RowsFrom(*connection, next_row_, newest_, read_rows_);
}

absl::Status Follower::Take(const std::vector<LoggedRow>& rows) {
  for (const LoggedRow& row : rows) {
    if (consumer_.Ended()) return absl::OkStatus();
    CRM_RETURN_IF_ERROR(TakeRow(row));
  }
  if (!rows.empty()) read_rows_ = ReadRowsAfter(rows);
  const int64_t position = std::max(after_, next_row_ - 1);
  consumer_.OnPosition({position, std::max(newest_, position)});
  return absl::OkStatus();
}

absl::Status Follower::TakeRow(const LoggedRow& row) {
  if (!batch_.ParseFromString(row.payload) || batch_.events_size() != row.event_count) {
    return Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED", "a stored event cannot be read")
        .Meta("position", absl::StrCat(row.position));
  }
  for (int i = 0; i < batch_.events_size(); ++i) {
    const int64_t position = row.position + i;
    Event& event = *batch_.mutable_events(i);
    if (position <= after_ || !filter_.Wants(event.type())) continue;
    event.set_position(position);
    event.set_event_id(absl::StrCat(options_.source, "-", absl::Hex(row.id), "-", i));
    CRM_RETURN_IF_ERROR(consumer_.OnEvent(std::move(event), newest_));
  }
  next_row_ = row.position + row.event_count;
  return absl::OkStatus();
}

absl::Status Follower::CheckAhead() {
  ++idle_polls_;
  if (newest_ >= next_row_ - 1) idle_polls_ = 0;
  if (idle_polls_ <= options_.ahead_polls) return absl::OkStatus();
  return Error(absl::StatusCode::kOutOfRange, "POSITION_AHEAD",
               "there has never been an event at this position; rebuild from the list methods");
}

void Follower::Gather(const PositionSignal& signal) const {
  if (options_.gather <= absl::ZeroDuration()) return;
  signal.WaitBeyond(std::numeric_limits<int64_t>::max(), options_.gather);
}

}  // namespace crm::event
