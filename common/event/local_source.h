// The service's own events for a reader in the same process.
#ifndef CRM_COMMON_EVENT_LOCAL_SOURCE_H_
#define CRM_COMMON_EVENT_LOCAL_SOURCE_H_

#include "common/event/event_service.h"
#include "common/event/reader.h"

namespace crm::event {

// Thread-safe.
class LocalSource : public EventSource {
 public:
  // Outlives it.
  explicit LocalSource(const EventService& service) : service_(service) {}

  absl::Status Stream(const crm::event::v1::StreamEventsRequest& request,
                      const OnMessage& on_message, const std::stop_token& stop) override {
    absl::Status status;
    const absl::Status end = service_.Run(request, {[&](const auto& message) {
                                                      status = on_message(message);
                                                      return status.ok();
                                                    },
                                                    [&] { return stop.stop_requested(); }});
    return status.ok() ? end : status;
  }

 private:
  const EventService& service_;
};

}  // namespace crm::event

#endif  // CRM_COMMON_EVENT_LOCAL_SOURCE_H_
