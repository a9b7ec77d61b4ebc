// The handler of EventService.StreamEvents: reads sequenced events after a position and sends them,
// then those that come (PLT-20).
//
//   EventService events({.source = "customer"}, pool, signal);
//   table.ServerStream<StreamEventsRequest, StreamEventsResponse>(
//       "StreamEvents", [&](auto&, const auto& request, auto& writer) {
//         return events.Serve(request, writer);
//       });
//
// Nothing is held in the database while a message is being sent, so a slow client costs a thread
// and at most a few MiB. Each event gets its position and an id that never changes.
//
// Errors: OUT_OF_RANGE with reason EVENTS_EXPIRED (also in the middle, when a client is slower than
// the purge) or POSITION_AHEAD (the client has seen positions that this database has not, such as
// after a restore); those of the database. OK when the client is gone or `stop_at_end` is reached.
// Thread-safe.
#ifndef CRM_COMMON_EVENT_EVENT_SERVICE_H_
#define CRM_COMMON_EVENT_EVENT_SERVICE_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/db/pool.h"
#include "common/event/position_signal.h"
#include "crm/event/v1/event.pb.h"

namespace crm::event {

struct EventServiceOptions {
  std::string source = {};     // name of the service, part of the event ids
  size_t max_events = 500;     // in one message
  size_t max_bytes = 1 << 20;  // the same; a single event may be larger
  absl::Duration poll = absl::Milliseconds(200);
  // Idle polls after which an empty message is sent: shows that the stream is alive.
  int heartbeat_polls = 50;
  // Idle polls for which a position from the future is forgiven: a database node may lag.
  int ahead_polls = 25;
};

// Where a stream's messages go. `send` blocks while the client is slow; false = it is gone.
struct EventSink {
  std::function<bool(const crm::event::v1::StreamEventsResponse&)> send;
  std::function<bool()> cancelled;
};

class EventService {
 public:
  EventService(EventServiceOptions options, db::Pool& pool, const PositionSignal& signal);

  absl::Status Run(const crm::event::v1::StreamEventsRequest& request, const EventSink& sink) const;

  // `writer`: bool Write(const StreamEventsResponse&), bool Cancelled().
  template <typename Writer>
  absl::Status Serve(const crm::event::v1::StreamEventsRequest& request, Writer& writer) const {
    return Run(request, {[&](const auto& message) { return writer.Write(message); },
                         [&] { return writer.Cancelled(); }});
  }

 private:
  const EventServiceOptions options_;
  db::Pool& pool_;
  const PositionSignal& signal_;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_EVENT_SERVICE_H_
