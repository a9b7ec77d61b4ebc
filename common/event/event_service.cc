#include "common/event/event_service.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace crm::event {
namespace {

using crm::event::v1::Event;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;

// Of one message; a single event may be larger.
constexpr int kMaxEvents = 500;
constexpr size_t kMaxBytes = 1 << 20;

// Packs the events of one call into messages.
class Packer : public EventConsumer {
 public:
  Packer(absl::Duration heartbeat, int64_t after, const EventSink& sink)
      : heartbeat_(heartbeat), sink_(sink), sent_(after) {}

  absl::Status OnEvent(Event&& event, int64_t newest_position) override {
    newest_ = newest_position;
    const size_t size = event.ByteSizeLong();
    const int count = response_.events_size();
    if (count == kMaxEvents || (count > 0 && bytes_ + size > kMaxBytes)) Send();
    bytes_ += size;
    response_.set_position(event.position());
    *response_.add_events() = std::move(event);
    return absl::OkStatus();
  }

  // A message without events if all were filtered out, or nothing comes.
  void OnPosition(const FollowerPosition& at) override {
    newest_ = at.newest_position;
    response_.set_position(at.position);
    if (at.position > sent_ || heartbeat_.Due()) Send();
  }

  bool Ended() const override { return !open_ || sink_.cancelled(); }

 private:
  void Send() {
    sent_ = response_.position();
    response_.set_newest_position(std::max(newest_, sent_));
    if (open_) open_ = sink_.send(response_);
    response_.Clear();
    bytes_ = 0;
    heartbeat_.Sent();
  }

  Heartbeat heartbeat_;
  const EventSink& sink_;
  int64_t sent_;  // the client knows everything up to here
  int64_t newest_ = 0;
  bool open_ = true;
  size_t bytes_ = 0;
  StreamEventsResponse response_;
};

}  // namespace

EventService::EventService(FollowerOptions options, db::Pool& pool, const PositionSignal& signal)
    : options_(std::move(options)), pool_(pool), signal_(signal) {}

absl::Status EventService::Run(const StreamEventsRequest& request, const EventSink& sink) const {
  Packer packer(options_.heartbeat, request.after_position(), sink);
  const FollowFrom from{.after_position = request.after_position(),
                        .types = {request.types().begin(), request.types().end()},
                        .stop_at_end = request.stop_at_end()};
  return Follower(options_, from, packer).Run(pool_, signal_);
}

}  // namespace crm::event
