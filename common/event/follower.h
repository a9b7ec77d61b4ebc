// Follows the sequenced events of the service's own outbox from a position on (PLT-20): those that
// are there, then those that come. What both EventService and OwnEvents are made of.
//
// Nothing is held in the database while the consumer works, so one that waits for a slow client
// costs a thread and at most a few MiB.
//
// Errors: OUT_OF_RANGE with reason EVENTS_EXPIRED (also in the middle, when the consumer is slower
// than the purge) or POSITION_AHEAD (there has never been an event at that position in this
// database, such as after a restore); DATA_LOSS EVENT_DAMAGED; those of the database and of the
// consumer.
#ifndef CRM_COMMON_EVENT_FOLLOWER_H_
#define CRM_COMMON_EVENT_FOLLOWER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/db/pool.h"
#include "common/event/event_log.h"
#include "common/event/position_signal.h"
#include "common/event/type_filter.h"
#include "crm/event/v1/event.pb.h"

namespace crm::event {

struct FollowerOptions {
  std::string source = {};  // name of the service, part of the event ids
  absl::Duration poll = absl::Milliseconds(200);
  // A client that hears nothing for so long gets a message without content: the stream is alive.
  absl::Duration heartbeat = absl::Seconds(10);
  // Idle polls for which a position from the future is forgiven: a database node may lag.
  int ahead_polls = 25;
  // Having caught up, leaves at least so long until the next read: what comes is read together.
  absl::Duration gather = absl::ZeroDuration();
};

// Where to start and what to leave out; as StreamEventsRequest.
struct FollowFrom {
  int64_t after_position = 0;  // 0 = from the oldest kept
  std::vector<std::string> types = {};
  bool stop_at_end = false;
};

// How far a follower is.
struct FollowerPosition {
  int64_t position = 0;  // everything up to here was given to the consumer or filtered out
  int64_t newest_position = 0;
};

// What becomes of the events. Called by the follower's thread.
class EventConsumer {
 public:
  virtual ~EventConsumer() = default;

  // A wanted event, with its position and an id that never changes. `newest_position`: of the log,
  // when it was read.
  virtual absl::Status OnEvent(crm::event::v1::Event&& event, int64_t newest_position) = 0;
  // After the events of each read, and after each poll that found none.
  virtual void OnPosition(const FollowerPosition& at) = 0;
  // The client is gone, or may not be served any longer.
  virtual bool Ended() const = 0;
};

// One run. Not thread-safe.
class Follower {
 public:
  // All outlive it.
  Follower(const FollowerOptions& options, const FollowFrom& from, EventConsumer& consumer)
      : options_(options),
        filter_(from.types),
        after_(from.after_position),
        stop_at_end_(from.stop_at_end),
        consumer_(consumer) {}

  // OK when the consumer has ended or `stop_at_end` is reached.
  absl::Status Run(db::Pool& pool, const PositionSignal& signal);

 private:
  absl::Status Begin(db::Pool& pool);
  // Whether nothing is left of what there was when the run began, if that is where it stops.
  bool AtEnd() const { return stop_at_end_ && next_row_ > end_; }
  absl::StatusOr<std::vector<LoggedRow>> Read(db::Pool& pool);
  absl::Status Take(const std::vector<LoggedRow>& rows);
  absl::Status TakeRow(const LoggedRow& row);
  absl::Status CheckAhead();
  void Gather(const PositionSignal& signal) const;

  const FollowerOptions& options_;
  const TypeFilter filter_;
  const int64_t after_;
  const bool stop_at_end_;
  EventConsumer& consumer_;
  int64_t end_ = 0;       // newest position when the run began
  int64_t newest_ = 0;    // at the last read
  int64_t next_row_ = 0;  // where the next row begins
  int read_rows_ = 0;     // of the next read
  int idle_polls_ = 0;
  crm::event::v1::EventBatch batch_;
};

// Since when a client has heard nothing.
class Heartbeat {
 public:
  explicit Heartbeat(absl::Duration every) : every_(every), last_(absl::Now()) {}

  bool Due() const { return absl::Now() - last_ >= every_; }
  void Sent() { last_ = absl::Now(); }

 private:
  const absl::Duration every_;
  absl::Time last_;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_FOLLOWER_H_
