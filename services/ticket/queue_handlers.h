// QueueService: work lists that are kept up to date (TIC-13).
#ifndef CRM_SERVICES_TICKET_QUEUE_HANDLERS_H_
#define CRM_SERVICES_TICKET_QUEUE_HANDLERS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "common/server/method_table.h"
#include "crm/event/v1/event.pb.h"
#include "crm/ticket/v1/queue_service.pb.h"
#include "crm/types/v1/history.pb.h"
#include "services/ticket/desk.h"
#include "services/ticket/queue_rules.h"
#include "services/ticket/queue_watch.h"

namespace crm::ticket {

class QueueHandlers {
 public:
  // Outlives it.
  explicit QueueHandlers(Desk& desk) : desk_(desk) {}

  void Register(server::MethodTable& table);

 private:
  using CallContext = server::CallContext;
  using Writer = server::StreamWriter<v1::WatchQueueResponse>;

  absl::Status Watch(CallContext& call, const v1::WatchQueueRequest& request, Writer& writer);
  // Sends the list as it is now; gives the position that its changes follow.
  absl::StatusOr<int64_t> SendList(CallContext& call, const QueueSelection& selection,
                                   QueueWatch& watch, Writer& writer) const;
  // Gives the token of the next page; empty after the last one.
  absl::StatusOr<std::string> ReadPage(CallContext& call, db::Connection& db,
                                       const QueueSelection& selection, const std::string& token,
                                       QueueWatch& watch, v1::WatchQueueResponse& page) const;
  static absl::StatusOr<crm::types::v1::ChangeList> ReadChanges(CallContext& call,
                                                                const crm::event::v1::Event& event);

  Desk& desk_;
};

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_QUEUE_HANDLERS_H_
