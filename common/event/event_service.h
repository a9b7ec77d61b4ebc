// The handler of EventService.StreamEvents: sends the sequenced events after a position, then those
// that come (PLT-20).
//
//   EventService events({.source = "customer"}, pool, signal);
//   table.ServerStream<StreamEventsRequest, StreamEventsResponse>(
//       "StreamEvents", [&](auto&, const auto& request, auto& writer) {
//         return events.Serve(request, writer);
//       });
//
// Errors: those of Follower. OK when the client is gone or `stop_at_end` is reached. Thread-safe.
#ifndef CRM_COMMON_EVENT_EVENT_SERVICE_H_
#define CRM_COMMON_EVENT_EVENT_SERVICE_H_

#include <functional>

#include "absl/status/status.h"
#include "common/db/pool.h"
#include "common/event/follower.h"
#include "common/event/position_signal.h"
#include "crm/event/v1/event.pb.h"

namespace crm::event {

// Where a stream's messages go. `send` blocks while the client is slow; false = it is gone.
struct EventSink {
  std::function<bool(const crm::event::v1::StreamEventsResponse&)> send;
  std::function<bool()> cancelled;
};

class EventService {
 public:
  EventService(FollowerOptions options, db::Pool& pool, const PositionSignal& signal);

  absl::Status Run(const crm::event::v1::StreamEventsRequest& request, const EventSink& sink) const;

  // `writer`: bool Write(const StreamEventsResponse&), bool Cancelled().
  template <typename Writer>
  absl::Status Serve(const crm::event::v1::StreamEventsRequest& request, Writer& writer) const {
    return Run(request, {[&](const auto& message) { return writer.Write(message); },
                         [&] { return writer.Cancelled(); }});
  }

 private:
  const FollowerOptions options_;
  db::Pool& pool_;
  const PositionSignal& signal_;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_EVENT_SERVICE_H_
