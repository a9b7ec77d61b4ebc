// The consuming side: applies another service's events to this service's tables, exactly once in
// effect (PLT-20).
//
//   EventReader reader({.source = "customer", .types = {"customer.*"}, .holder = process},
//                      pool, clock, source, hook,
//                      [&](absl::Span<const Event* const> events, db::Connection& read,
//                          db::WriteSet& out) { return projection.Apply(events, read, out); });
//   runner.Add(reader.DefaultJobOptions(), reader.Job());
//
// A message's events and the cursor behind them are one transaction, and the cursor moves only from
// where this reader read it: an event that comes twice, by a repeat of the stream or by a second
// replica, finds the cursor moved and changes nothing. A lease keeps the other replicas from doing
// the same work. Whatever goes wrong ends the stream; the job starts it again at the cursor.
//
// Thread-safe: stats. Everything else belongs to the job's thread.
#ifndef CRM_COMMON_EVENT_READER_H_
#define CRM_COMMON_EVENT_READER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/db/group_committer.h"
#include "common/db/pool.h"
#include "common/job/lease.h"
#include "common/job/periodic.h"
#include "crm/event/v1/event.pb.h"

namespace crm::event {

// Where events come from: a gRPC client of EventService, or a stream in the same process.
class EventSource {
 public:
  virtual ~EventSource() = default;

  using OnMessage = std::function<absl::Status(const crm::event::v1::StreamEventsResponse&)>;

  // Calls `on_message` for each message, in order, until the stream ends, `stop` is requested (both
  // OK) or something fails. An error of `on_message` ends the stream and is returned.
  virtual absl::Status Stream(const crm::event::v1::StreamEventsRequest& request,
                              const OnMessage& on_message, const std::stop_token& stop) = 0;
};

// Turns events into row changes: reads what it needs, writes into `out`, whose inserts come before
// its statements. Run again after a conflict, so without any other effect. An error stops the
// reader at these events, and they are tried again: skip what can never be applied, and count it.
using EventApplier =
    std::function<absl::Status(absl::Span<const crm::event::v1::Event* const> events,
                               db::Connection& read, db::WriteSet& out)>;

// Whether a long piece of a reader's work may go on: renews its lease. ABORTED, reason LEASE_LOST:
// another replica reads; CANCELLED: the service is stopping.
using GoOn = std::function<absl::Status()>;

struct EventReaderOptions {
  std::string source = {};
  std::vector<std::string> types = {};
  std::string holder = {};
  absl::Duration term = absl::Seconds(30);
  // Called when the events after the cursor are no longer kept: makes this service's copy anew from
  // the owner's list methods and gives the position it reflects. Absent: that is an error.
  // Calls `go_on` now and then.
  std::function<absl::StatusOr<int64_t>(const GoOn& go_on)> rebuild = {};
  // Rebuild before the first event, too: a stream begins with what is kept, not with what there is.
  bool rebuild_first = false;
  bool stop_at_end = false;
};

struct EventReaderStats {
  bool reading = false;  // this replica, not another
  int64_t position = 0;
  int64_t newest_position = 0;  // of the source
  int64_t events = 0;           // applied by this replica
  int64_t lag() const { return newest_position > position ? newest_position - position : 0; }
};

class EventReader {
 public:
  // `outbox` stores the events that the applier itself causes; may be null. All outlive the reader.
  EventReader(EventReaderOptions options, db::Pool& pool, const Clock& clock, EventSource& source,
              db::OutboxHook outbox, EventApplier applier);

  // Streams until the stream ends; at once if another replica is reading.
  absl::Status RunOnce(const std::stop_token& stop);

  job::JobBody Job();
  job::JobOptions DefaultJobOptions() const;
  absl::Status Release();

  EventReaderStats stats() const;

 private:
  absl::StatusOr<bool> HoldLease();
  // Looks it up unless the last run has left it known.
  absl::Status FindCursor();
  absl::StatusOr<int64_t> LoadCursor();
  absl::Status OnMessage(const crm::event::v1::StreamEventsResponse& message);
  absl::Status Apply(const crm::event::v1::StreamEventsResponse& message);
  absl::Status ApplyOnce(absl::Span<const crm::event::v1::Event* const> events, int64_t position);
  absl::Status Rebuild(const std::stop_token& stop);
  absl::Status ReadFromCursor(const std::stop_token& stop);
  db::WriteSet MoveCursor(int64_t to) const;

  const EventReaderOptions options_;
  db::Pool& pool_;
  const Clock& clock_;
  EventSource& source_;
  const db::OutboxHook outbox_;
  const EventApplier applier_;
  job::Lease lease_;
  // After a run that ended well, until the lease is asked for again: only its holder moves it.
  bool cursor_is_known_ = false;
  std::atomic<bool> reading_{false};
  std::atomic<int64_t> cursor_{0};
  std::atomic<int64_t> newest_position_{0};
  std::atomic<int64_t> events_{0};
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_READER_H_
