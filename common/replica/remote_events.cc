#include "common/replica/remote_events.h"

#include "common/base/status_macros.h"

namespace crm::replica {
namespace {

using crm::event::v1::EventPosition;
using crm::event::v1::GetEventPositionRequest;
using crm::event::v1::StreamEventsRequest;
using crm::event::v1::StreamEventsResponse;

constexpr char kStream[] = "/crm.event.v1.EventService/StreamEvents";
constexpr char kPosition[] = "/crm.event.v1.EventService/GetEventPosition";
constexpr absl::Duration kPositionTimeout = absl::Seconds(5);

}  // namespace

absl::Status RemoteEvents::Stream(const StreamEventsRequest& request, const OnMessage& on_message,
                                  const std::stop_token& stop) {
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, peers_.Find(service_));
  client::AnyServerStream stream =
      channel->ServerStream(kStream, request, peers_.Options(absl::InfiniteDuration()));
  // The stream is silent for seconds: a stop must not wait for its next message.
  const std::stop_callback cancel(stop, [&stream] { stream.Cancel(); });
  StreamEventsResponse message;
  while (stream.Next(message)) CRM_RETURN_IF_ERROR(on_message(message));
  absl::Status status = stream.Finish();
  return stop.stop_requested() ? absl::OkStatus() : status;
}

absl::StatusOr<int64_t> RemoteEvents::NewestPosition() {
  CRM_ASSIGN_OR_RETURN(client::Channel* const channel, peers_.Find(service_));
  CRM_ASSIGN_OR_RETURN(const EventPosition position,
                       (channel->Call<GetEventPositionRequest, EventPosition>(
                           kPosition, {}, peers_.Options(kPositionTimeout))));
  return position.newest_position();
}

}  // namespace crm::replica
