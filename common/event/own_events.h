// A server stream made of the service's own events: what WatchReminders, WatchQueue and the like
// are made of (PLT-20). A client resumes with the position of the last message that it has handled,
// and loses nothing.
//
//   absl::Status Watch(CallContext& call, const v1::WatchThingsRequest& request,
//                      StreamWriter<v1::WatchThingsResponse>& writer) {
//     int64_t position = request.after_position();
//     if (position == 0) {
//       CRM_ASSIGN_OR_RETURN(db::Connection * db, call.Db());
//       CRM_ASSIGN_OR_RETURN(position, event::NewestPosition(*db));   // before the list is read
//       … read the list with call.scope() in the SQL, writer.Write() it …
//     }
//     call.ReleaseDb();   // nothing is held while the stream lives
//     return own_events.Stream<v1::WatchThingsResponse>(
//         {.after_position = position, .types = {"thing.*"}}, writer,
//         [&](const Event& event, v1::WatchThingsResponse& out) -> absl::StatusOr<bool> {
//           CRM_ASSIGN_OR_RETURN(v1::Thing thing, event::PayloadOf<v1::Thing>(event));
//           if (!filter::InScope(thing, call.scope())) return false;   // nothing to send
//           *out.mutable_thing() = std::move(thing);
//           return true;
//         });
//   }
//
// Each message of the stream is of one event and gets its position by `set_position(int64)`;
// heartbeats, now and then, have nothing but the position that resuming can start from. A change
// that was committed before the list was read, but had no position yet, comes once more after it:
// messages should say what is, not what was added to it. Events come in the order of each
// resource's versions.
//
// Streams of people who watch are many and have no end. They get a share of the server's places for
// streams, so that the readers of other services, up- and downloads always find one.
//
// Errors: RESOURCE_EXHAUSTED, reason WATCHERS_TOO_MANY; those of Follower and of `make`. OK when
// the client is gone or the server is stopping, which the server turns into CANCELLED and
// UNAVAILABLE. Thread-safe.
#ifndef CRM_COMMON_EVENT_OWN_EVENTS_H_
#define CRM_COMMON_EVENT_OWN_EVENTS_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/pool.h"
#include "common/error/error.h"
#include "common/event/event_log.h"
#include "common/event/follower.h"
#include "common/event/position_signal.h"
#include "crm/event/v1/event.pb.h"

namespace crm::event {

// The resource after the change, without what is sensitive or stored encrypted.
template <typename Message>
absl::StatusOr<Message> PayloadOf(const crm::event::v1::Event& event) {
  Message message;
  if (event.payload().UnpackTo(&message)) return message;
  return Error(absl::StatusCode::kDataLoss, "EVENT_DAMAGED", "a stored event cannot be read")
      .Meta("position", std::to_string(event.position()));
}

class OwnEvents {
 public:
  // Both outlive it. `max_streams`: at a time.
  OwnEvents(FollowerOptions options, db::Pool& pool, const PositionSignal& signal,
            int max_streams = std::numeric_limits<int>::max())
      : options_(std::move(options)), pool_(pool), signal_(signal), places_(max_streams) {}

  // `make(const Event&, Response&) -> absl::StatusOr<bool>`: whether to send what it has made. Runs
  // while nothing is held in the database; may borrow a connection for as long as it takes.
  // `writer`: bool Write(const Response&), bool Cancelled().
  template <typename Response, typename Writer, typename Make>
  absl::Status Stream(const FollowFrom& from, Writer& writer, Make make) const {
    const Place place(places_);
    if (!place.held()) return TooMany();
    Consumer<Response, Writer, Make> consumer(options_.heartbeat, writer, std::move(make));
    return Follower(options_, from, consumer).Run(pool_, signal_);
  }

 private:
  class Place {
   public:
    explicit Place(std::atomic<int>& places) : places_(places), held_(places.fetch_sub(1) > 0) {}
    ~Place() { places_.fetch_add(1); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    bool held() const { return held_; }

   private:
    std::atomic<int>& places_;
    const bool held_;
  };

  static absl::Status TooMany() {
    return Error(absl::StatusCode::kResourceExhausted, "WATCHERS_TOO_MANY",
                 "as many watch here as this server serves: try another one, or later")
        .RetryAfter(absl::Seconds(5));
  }

  template <typename Response, typename Writer, typename Make>
  class Consumer : public EventConsumer {
   public:
    Consumer(absl::Duration heartbeat, Writer& writer, Make make)
        : heartbeat_(heartbeat), writer_(writer), make_(std::move(make)) {}

    absl::Status OnEvent(crm::event::v1::Event&& event, int64_t) override {
      if (!open_) return absl::OkStatus();
      Response message;
      absl::StatusOr<bool> wanted = make_(std::as_const(event), message);
      if (!wanted.ok()) return std::move(wanted).status();
      if (*wanted) Send(std::move(message), event.position());
      return absl::OkStatus();
    }
    void OnPosition(const FollowerPosition& at) override {
      if (heartbeat_.Due()) Send(Response(), at.position);
    }
    bool Ended() const override { return !open_ || writer_.Cancelled(); }

   private:
    void Send(Response message, int64_t position) {
      message.set_position(position);
      open_ = writer_.Write(message);
      heartbeat_.Sent();
    }

    Heartbeat heartbeat_;
    Writer& writer_;
    Make make_;
    bool open_ = true;
  };

  const FollowerOptions options_;
  db::Pool& pool_;
  const PositionSignal& signal_;
  mutable std::atomic<int> places_;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_OWN_EVENTS_H_
