#include "common/event/reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/db/db_error.h"
#include "common/db/query.h"
#include "common/error/error.h"
#include "common/job/database_wait.h"

namespace crm::event {
namespace {

using crm::event::v1::Event;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;

constexpr db::Query kCreateCursor{"create_event_cursor", R"sql(
  INSERT INTO event_cursor (source, position)
  VALUES (?, 0)
  ON DUPLICATE KEY UPDATE source = VALUES(source))sql"};

constexpr db::Query kLoadCursor{"load_event_cursor", R"sql(
  SELECT position
  FROM event_cursor
  WHERE source = ?)sql"};

constexpr db::Query kMoveCursor{"move_event_cursor", R"sql(
  UPDATE event_cursor
  SET position = ?
  WHERE source = ? AND position = ?)sql"};

constexpr int kMaxAttempts = 5;

// A row that somebody else has made meanwhile is there for the applier to read.
bool IsWorthRepeating(db::DbErrorClass error) {
  return error == db::DbErrorClass::kRetryable || error == db::DbErrorClass::kDuplicateKey;
}

absl::Status LeaseLost() {
  return Error(absl::StatusCode::kAborted, "LEASE_LOST", "another replica reads these events");
}

}  // namespace

EventReader::EventReader(EventReaderOptions options, db::Pool& pool, const Clock& clock,
                         EventSource& source, db::OutboxHook outbox, EventApplier applier)
    : options_(std::move(options)),
      pool_(pool),
      clock_(clock),
      source_(source),
      outbox_(std::move(outbox)),
      applier_(std::move(applier)),
      lease_({.name = absl::StrCat("event-reader-", options_.source),
              .holder = options_.holder,
              .term = options_.term},
             clock) {}

absl::StatusOr<bool> EventReader::HoldLease() {
  if (clock_.Now() + options_.term / 2 < lease_.held_until()) return true;
  cursor_is_known_ = false;
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  absl::StatusOr<bool> held = lease_.Acquire(*connection);
  reading_ = held.ok() && *held;
  return held;
}

absl::StatusOr<int64_t> EventReader::LoadCursor() {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  CRM_ASSIGN_OR_RETURN(db::Rows rows, connection->Select(kLoadCursor, {options_.source}));
  if (rows.Next()) return rows.Int(0);
  CRM_RETURN_IF_ERROR(connection->Execute(kCreateCursor, {options_.source}).status());
  return 0;
}

db::WriteSet EventReader::MoveCursor(int64_t to) const {
  db::WriteSet writes;
  writes.Execute(kMoveCursor, {to, options_.source, cursor_.load()}, db::Expect::kSomeRow);
  return writes;
}

absl::Status EventReader::ApplyOnce(absl::Span<const Event* const> events, int64_t position) {
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  db::WriteSet changes;
  if (!events.empty()) CRM_RETURN_IF_ERROR(applier_(events, *connection, changes));
  const db::WriteSet cursor = MoveCursor(position);
  return db::CommitOn(*connection, {&changes, &cursor}, outbox_);
}

absl::Status EventReader::Apply(const StreamEventsResponse& message) {
  std::vector<const Event*> events;
  events.reserve(message.events_size());
  for (const Event& event : message.events()) {
    if (event.position() > cursor_) events.push_back(&event);
  }
  absl::Status status;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    status = ApplyOnce(events, message.position());
    if (!IsWorthRepeating(db::ClassOf(status))) break;
  }
  CRM_RETURN_IF_ERROR(status);
  cursor_ = message.position();
  events_ += static_cast<int64_t>(events.size());
  return absl::OkStatus();
}

absl::Status EventReader::OnMessage(const StreamEventsResponse& message) {
  CRM_ASSIGN_OR_RETURN(const bool held, HoldLease());
  if (!held) return LeaseLost();
  newest_position_ = message.newest_position();
  if (message.position() <= cursor_) return absl::OkStatus();
  return Apply(message);
}

absl::Status EventReader::Rebuild(const std::stop_token& stop) {
  const GoOn go_on = [this, &stop]() -> absl::Status {
    if (stop.stop_requested()) return absl::CancelledError("the service is stopping");
    CRM_ASSIGN_OR_RETURN(const bool held, HoldLease());
    return held ? absl::OkStatus() : LeaseLost();
  };
  CRM_ASSIGN_OR_RETURN(const int64_t position, options_.rebuild(go_on));
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  const db::WriteSet cursor = MoveCursor(position);
  return db::CommitOn(*connection, {&cursor}, outbox_);
}

namespace {

// Another replica was faster, or the service stops: no error, but its work is not ours to repeat.
absl::Status Forgiven(absl::Status status) {
  const bool is_over = ErrorReason(status) == "LEASE_LOST" || absl::IsCancelled(status) ||
                       db::ClassOf(status) == db::DbErrorClass::kWriteConflict;
  return is_over ? absl::OkStatus() : std::move(status);
}

}  // namespace

absl::Status EventReader::FindCursor() {
  if (std::exchange(cursor_is_known_, false)) return absl::OkStatus();
  CRM_ASSIGN_OR_RETURN(cursor_, LoadCursor());
  return absl::OkStatus();
}

absl::Status EventReader::RunOnce(const std::stop_token& stop) {
  CRM_ASSIGN_OR_RETURN(const bool held, HoldLease());
  if (!held) return absl::OkStatus();
  CRM_RETURN_IF_ERROR(FindCursor());
  if (cursor_ == 0 && options_.rebuild_first) {
    CRM_RETURN_IF_ERROR(Forgiven(Rebuild(stop)));
    CRM_RETURN_IF_ERROR(FindCursor());
    if (cursor_ == 0) return absl::OkStatus();  // another replica's work, or an empty archive
  }
  const absl::Status status = ReadFromCursor(stop);
  cursor_is_known_ = status.ok();
  const std::string reason = ErrorReason(status);
  if ((reason == "EVENTS_EXPIRED" || reason == "POSITION_AHEAD") && options_.rebuild) {
    return Forgiven(Rebuild(stop));
  }
  return Forgiven(status);
}

absl::Status EventReader::ReadFromCursor(const std::stop_token& stop) {
  StreamEventsRequest request;
  request.set_after_position(cursor_);
  for (const std::string& type : options_.types) request.add_types(type);
  request.set_stop_at_end(options_.stop_at_end);
  return source_.Stream(
      request, [this](const StreamEventsResponse& message) { return OnMessage(message); }, stop);
}

job::JobBody EventReader::Job() {
  return [this](const std::stop_token& stop) -> absl::StatusOr<absl::Time> {
    CRM_RETURN_IF_ERROR(RunOnce(stop));
    return absl::InfiniteFuture();
  };
}

job::JobOptions EventReader::DefaultJobOptions() const {
  return {.name = absl::StrCat("event-reader-", options_.source),
          .interval = absl::Seconds(1),
          .first_retry = absl::Milliseconds(200),
          .last_retry = absl::Seconds(10)};
}

absl::Status EventReader::Release() {
  reading_ = false;
  CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool_.Acquire(job::DatabaseDeadline()));
  return lease_.Release(*connection);
}

EventReaderStats EventReader::stats() const {
  return {.reading = reading_,
          .position = cursor_,
          .newest_position = newest_position_,
          .events = events_};
}

}  // namespace crm::event
