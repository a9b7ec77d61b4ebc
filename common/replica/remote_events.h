// The events of another service, over gRPC (PLT-20).
#ifndef CRM_COMMON_REPLICA_REMOTE_EVENTS_H_
#define CRM_COMMON_REPLICA_REMOTE_EVENTS_H_

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/event/reader.h"
#include "common/runtime/peers.h"

namespace crm::replica {

class RemoteEvents : public event::EventSource {
 public:
  // `peers` outlives it.
  RemoteEvents(runtime::Peers& peers, std::string service)
      : peers_(peers), service_(std::move(service)) {}

  absl::Status Stream(const crm::event::v1::StreamEventsRequest& request,
                      const OnMessage& on_message, const std::stop_token& stop) override;

  // The position that a copy made from now on will hold at least.
  absl::StatusOr<int64_t> NewestPosition();

 private:
  runtime::Peers& peers_;
  const std::string service_;
};

}  // namespace crm::replica

#endif  // CRM_COMMON_REPLICA_REMOTE_EVENTS_H_
