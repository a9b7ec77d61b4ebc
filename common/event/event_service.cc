#include "common/event/event_service.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/event/event_log.h"
#include "common/event/type_filter.h"
#include "common/job/database_wait.h"

namespace crm::event {
namespace {

using crm::event::v1::Event;
using crm::event::v1::EventBatch;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;

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

// One call.
class Session {
 public:
  Session(const EventServiceOptions& options, const StreamEventsRequest& request,
          const EventSink& sink)
      : options_(options),
        sink_(sink),
        filter_(request.types()),
        after_(request.after_position()),
        stop_at_end_(request.stop_at_end()) {}

  absl::Status Run(db::Pool& pool, const PositionSignal& signal) {
    CRM_RETURN_IF_ERROR(Begin(pool));
    while (open_ && !sink_.cancelled()) {
      CRM_ASSIGN_OR_RETURN(const std::vector<LoggedRow> rows, Read(pool));
      for (const LoggedRow& row : rows) CRM_RETURN_IF_ERROR(SendRow(row));
      Flush();
      if (stop_at_end_ && next_row_ > end_) return absl::OkStatus();
      if (!rows.empty()) {
        read_rows_ = ReadRowsAfter(rows);
        idle_polls_ = 0;
        continue;
      }
      CRM_RETURN_IF_ERROR(OnIdle());
      signal.WaitBeyond(std::max(newest_, next_row_ - 1), options_.poll);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Begin(db::Pool& pool) {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(job::DatabaseDeadline()));
    CRM_ASSIGN_OR_RETURN(end_, NewestPosition(*connection));
    CRM_ASSIGN_OR_RETURN(next_row_, FirstRowAfter(*connection, after_));
    sent_ = std::max(after_, next_row_ - 1);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<LoggedRow>> Read(db::Pool& pool) {
    CRM_ASSIGN_OR_RETURN(db::Pool::Lease connection, pool.Acquire(job::DatabaseDeadline()));
    CRM_ASSIGN_OR_RETURN(newest_, NewestPosition(*connection));
    return RowsFrom(*connection, next_row_, newest_, read_rows_);
  }

  absl::Status SendRow(const LoggedRow& row) {
    if (!batch_.ParseFromString(row.payload) || batch_.events_size() != row.event_count) {
      return Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED", "a stored event cannot be read")
          .Meta("position", absl::StrCat(row.position));
    }
    for (int i = 0; i < batch_.events_size(); ++i) {
      const int64_t position = row.position + i;
      if (position <= after_) continue;
      Event& event = *batch_.mutable_events(i);
      if (filter_.Wants(event.type())) {
        event.set_position(position);
        event.set_event_id(absl::StrCat(options_.source, "-", absl::Hex(row.id), "-", i));
        Append(std::move(event));
      }
      response_.set_position(position);
    }
    next_row_ = row.position + row.event_count;
    return absl::OkStatus();
  }

  void Append(Event&& event) {
    const size_t size = event.ByteSizeLong();
    const size_t count = static_cast<size_t>(response_.events_size());
    if (count == options_.max_events || (count > 0 && bytes_ + size > options_.max_bytes)) Flush();
    bytes_ += size;
    *response_.add_events() = std::move(event);
  }

  // Sends what there is; a message without events if all were filtered out.
  void Flush() {
    if (!open_ || response_.position() <= sent_) return;
    sent_ = response_.position();
    Send();
  }

  void Send() {
    response_.set_newest_position(std::max(newest_, sent_));
    open_ = sink_.send(response_);
    response_.Clear();
    response_.set_position(sent_);
    bytes_ = 0;
  }

  absl::Status OnIdle() {
    ++idle_polls_;
    if (newest_ < next_row_ - 1 && idle_polls_ > options_.ahead_polls) {
      return Error(absl::StatusCode::kOutOfRange, "POSITION_AHEAD",
                   "there has never been an event at this position; rebuild from the list methods");
    }
    if (idle_polls_ % options_.heartbeat_polls == 0) {
      response_.set_position(sent_);
      Send();
    }
    return absl::OkStatus();
  }

  const EventServiceOptions& options_;
  const EventSink& sink_;
  const TypeFilter filter_;
  const int64_t after_;
  const bool stop_at_end_;
  int64_t end_ = 0;       // newest position when the call began
  int64_t newest_ = 0;    // at the last read
  int64_t next_row_ = 0;  // where the next row begins
  int64_t sent_ = 0;      // the client knows everything up to here
  int read_rows_ = kFirstReadRows;
  int idle_polls_ = 0;
  bool open_ = true;
  size_t bytes_ = 0;
  EventBatch batch_;
  StreamEventsResponse response_;
};

}  // namespace

EventService::EventService(EventServiceOptions options, db::Pool& pool,
                           const PositionSignal& signal)
    : options_(std::move(options)), pool_(pool), signal_(signal) {}

absl::Status EventService::Run(const StreamEventsRequest& request, const EventSink& sink) const {
  return Session(options_, request, sink).Run(pool_, signal_);
}

}  // namespace crm::event
