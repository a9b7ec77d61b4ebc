// What one stream of a work list knows and tells (TIC-13).
#ifndef CRM_SERVICES_TICKET_QUEUE_WATCH_H_
#define CRM_SERVICES_TICKET_QUEUE_WATCH_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/db/connection.h"
#include "crm/event/v1/event.pb.h"
#include "crm/types/v1/history.pb.h"
#include "services/ticket/queue_rules.h"

namespace crm::ticket {

// Not thread-safe.
class QueueWatch {
 public:
  // What the change of an event changed: asked when a stream that was resumed meets a ticket whose
  // place before the change it does not know.
  using ReadChanges =
      std::function<absl::StatusOr<crm::types::v1::ChangeList>(const crm::event::v1::Event& event)>;

  QueueWatch(QueueSelection selection, ReadChanges read_changes)
      : selection_(std::move(selection)), read_changes_(std::move(read_changes)) {}

  // The client has got the ticket in the first list.
  void NoteListed(const std::string& number, int64_t version) { known_[number] = {version, true}; }
  // The first list is complete: what it does not have the client does not have.
  void NoteComplete() { knows_all_ = true; }

  // Whether the event of a ticket is worth a message; never takes a ticket back in time.
  absl::StatusOr<bool> Tell(const crm::event::v1::Event& event, v1::WatchQueueResponse& message);

 private:
  struct Known {
    int64_t version = 0;
    bool listed = false;
  };

  absl::StatusOr<bool> WasListed(const crm::event::v1::Event& event, const v1::Ticket& after) const;

  const QueueSelection selection_;
  const ReadChanges read_changes_;
  absl::flat_hash_map<std::string, Known> known_;
  bool knows_all_ = false;
};

// For ReadChanges. Empty if there is no such change.
absl::StatusOr<crm::types::v1::ChangeList> ReadTicketChanges(db::Connection& db,
                                                             const std::string& number,
                                                             int64_t version);

}  // namespace crm::ticket

#endif  // CRM_SERVICES_TICKET_QUEUE_WATCH_H_
